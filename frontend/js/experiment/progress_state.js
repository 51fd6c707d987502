/** How far an experiment is and when it will end, from what was predicted and what is done. Pure. */

/** @import { Cell, Experiment } from "../../types/answers.js" */
/** @import { Mark } from "./stream.js" */

/** Below this share, the prediction is better than what can be extrapolated. */
const TRUST_SHARE = 0.15;
const CLOSED = new Set(["completed", "failed", "cancelled", "skipped"]);

/** @typedef {Pick<Cell, "id" | "state" | "version" | "committed_step" | "num_steps" | "predicted_seconds">} Measured */
/** @typedef {Pick<Experiment, "started_at" | "finished_at" | "predicted_seconds" | "spec" | "progress">} Timed */

/**
 * Take over what marks say; marks only grow, so older ones change nothing.
 * @param {Measured[]} cells @param {Mark[]} marks
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

/** @param {Timed} experiment @param {Measured[]} cells @param {number} now milliseconds */
export function progressOf(experiment, cells, now) {
  const share = shareDone(experiment, cells);
  const elapsed = elapsedSeconds(experiment, now);
  const count = (/** @type {string[]} */ ...states) => cells.filter((cell) => states.includes(cell.state)).length;
  return {
    share,
    elapsed,
    left: secondsLeft(experiment, share, elapsed),
    done: count("completed", "skipped"),
    failed: count("failed"),
    running: count("running"),
    total: cells.length,
  };
}

/** @param {Timed} experiment @param {Measured[]} cells */
function shareDone({ spec, progress }, cells) {
  // Later stages of a staged plan are not cells yet: the server counts them in.
  if (spec.protocol === "staged" && progress) return progress.share_done;
  const total = cells.reduce((sum, cell) => sum + cell.predicted_seconds, 0);
  const done = cells.reduce((sum, cell) => sum + cell.predicted_seconds * shareOf(cell), 0);
  return total > 0 ? done / total : 0;
}

/** @param {Measured} cell */
const shareOf = (cell) => (CLOSED.has(cell.state) ? 1 : (cell.committed_step + 1) / (cell.num_steps + 1));

/** @param {Timed} experiment @param {number} now milliseconds */
function elapsedSeconds({ started_at, finished_at }, now) {
  if (!started_at) return 0;
  const ended = finished_at ? Date.parse(finished_at) : now;
  return Math.max(0, (ended - Date.parse(started_at)) / 1000);
}

/** @param {Timed} experiment @param {number} share @param {number} elapsed seconds */
function secondsLeft({ progress, predicted_seconds }, share, elapsed) {
  const told = progress?.eta_seconds ?? null;
  if (told !== null) return told;
  return share > TRUST_SHARE ? (elapsed * (1 - share)) / share : predicted_seconds * (1 - share);
}
