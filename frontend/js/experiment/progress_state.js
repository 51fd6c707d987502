/** How far an experiment is: what the server predicts, and where its cells are by the latest marks. Pure. */

/** @typedef {{id: string, state: string, version: number, committed_step: number}} Cell */

/** Take over what marks say; marks only grow, so older ones change nothing. @param {Cell[]} cells @param {import("./stream.js").Mark[]} marks */
export function applyMarks(cells, marks) {
  const byId = new Map(cells.map((cell) => [cell.id, cell]));
  for (const mark of marks) {
    const cell = byId.get(mark.cell_id);
    if (!cell || mark.version < cell.version) continue;
    if (mark.version > cell.version || mark.step > cell.committed_step) {
      Object.assign(cell, {
        state: mark.state,
        version: mark.version,
        committed_step: Math.max(mark.step, cell.committed_step),
      });
    }
  }
}

/**
 * How far it is and what is left, as the server last said, and what is counted here: time and cells.
 * @param {{started_at: string | null, finished_at: string | null, progress: any}} experiment
 * @param {Cell[]} cells @param {number} now milliseconds
 */
export function progressOf(experiment, cells, now) {
  const total = cells.reduce((sum, cell) => sum + cell.predicted_seconds, 0);
  const done = cells.reduce((sum, cell) => sum + cell.predicted_seconds * shareOf(cell), 0);
  // Later stages of a staged plan are not cells yet: the server counts them in.
  const share =
    experiment.spec?.protocol === "staged" && experiment.progress
      ? experiment.progress.share_done
      : total > 0
        ? done / total
        : 0;
  const ended = experiment.finished_at ? Date.parse(experiment.finished_at) : now;
  const elapsed = experiment.started_at ? Math.max(0, (ended - Date.parse(experiment.started_at)) / 1000) : 0;
  const predicted = experiment.predicted_seconds * (1 - share);
  const told = experiment.progress?.eta_seconds;
  const left =
    told !== null && told !== undefined ? told : share > TRUST_SHARE ? (elapsed * (1 - share)) / share : predicted;
  const count = (/** @type {string[]} */ ...states) => cells.filter((cell) => states.includes(cell.state)).length;
  return {
    share,
    elapsed,
    left,
    done: count("completed", "skipped"),
    failed: count("failed"),
    running: count("running"),
    total: cells.length,
  };
}
