/** How far an experiment is: what the server predicts, and where its cells are by the latest marks. Pure. */

/** @import { Cell, Experiment } from "../../types/answers.js" */
/** @import { Mark } from "./stream.js" */

/** @typedef {Pick<Cell, "id" | "state" | "version" | "committed_step">} Marked */
/** @typedef {Pick<Experiment, "started_at" | "finished_at" | "progress">} Timed */

/**
 * Take over what marks say; marks only grow, so older ones change nothing.
 * @param {Marked[]} cells @param {Mark[]} marks
 */
export function applyMarks(cells, marks) {
  const byId = new Map(cells.map((cell) => [cell.id, cell]));
  for (const { cell_id, state, version, step } of marks) {
    const cell = byId.get(cell_id);
    if (!cell || version < cell.version) continue;
    if (version > cell.version || step > cell.committed_step) {
      Object.assign(cell, { state, version, committed_step: Math.max(step, cell.committed_step) });
    }
  }
}

/**
 * Share and time left as the server last said, time and cells as counted here.
 * @param {Timed} experiment @param {Pick<Cell, "state">[]} cells @param {number} now milliseconds
 */
export function progressOf(experiment, cells, now) {
  const { progress } = experiment;
  const count = (/** @type {string[]} */ ...states) => cells.filter((cell) => states.includes(cell.state)).length;
  return {
    share: progress?.share_done ?? 0,
    left: progress?.eta_seconds ?? null,
    elapsed: elapsedSeconds(experiment, now),
    done: count("completed", "skipped"),
    failed: count("failed"),
    running: count("running"),
    total: cells.length,
  };
}

/** @param {Timed} experiment @param {number} now milliseconds */
function elapsedSeconds({ started_at, finished_at }, now) {
  if (!started_at) return 0;
  const ended = finished_at ? Date.parse(finished_at) : now;
  return Math.max(0, (ended - Date.parse(started_at)) / 1000);
}
