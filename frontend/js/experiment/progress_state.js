/** How far an experiment is: what the server predicts, and where its cells are by the latest marks. Pure. */

/** @typedef {{id: string, state: string, version: number, committed_step: number}} Cell */

/** Take over what marks say; marks only grow, so older ones change nothing. @param {Cell[]} cells @param {import("./stream.js").Mark[]} marks */
export function applyMarks(cells, marks) {
  const byId = new Map(cells.map((cell) => [cell.id, cell]));
  for (const mark of marks) {
    const cell = byId.get(mark.cell_id);
    if (!cell || mark.version < cell.version) continue;
    if (mark.version > cell.version || mark.step > cell.committed_step) {
      Object.assign(cell, { state: mark.state, version: mark.version, committed_step: Math.max(mark.step, cell.committed_step) });
    }
  }
}

/**
 * How far it is and what is left, as the server last said, and what is counted here: time and cells.
 * @param {{started_at: string | null, finished_at: string | null, progress: any}} experiment
 * @param {Cell[]} cells @param {number} now milliseconds
 */
export function progressOf({ started_at: start, finished_at: end, progress }, cells, now) {
  const ended = end ? Date.parse(end) : now;
  const elapsed = start ? Math.max(0, (ended - Date.parse(start)) / 1000) : 0;
  const count = (/** @type {string[]} */ ...states) => cells.filter((cell) => states.includes(cell.state)).length;
  return {
    share: progress?.share_done ?? 0,
    left: progress?.eta_seconds ?? null,
    elapsed,
    done: count("completed", "skipped"),
    failed: count("failed"),
    running: count("running"),
    total: cells.length,
  };
}
