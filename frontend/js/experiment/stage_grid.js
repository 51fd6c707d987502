/** Runs of every size and arm by state; a size that was not planned counts as not needed yet. Pure. */

/** @import { Cell, Spec } from "../../types/answers.js" */

/** @typedef {Pick<Cell, "scenario" | "parametrization" | "width" | "depth" | "state" | "num_runs">} Planned */
/** @typedef {{width: number, depth: number}} Size */
/** @typedef {"done" | "running" | "waiting" | "skipped" | "failed"} Fate */
/** @typedef {Record<Fate | "planned", number>} Counts runs by what became of their cells */

/** @type {Record<Cell["state"], Fate>} */
const FATES = {
  completed: "done",
  running: "running",
  queued: "waiting",
  skipped: "skipped",
  failed: "failed",
  cancelled: "failed",
};

/** @returns {Counts} */
const nothing = () => ({ planned: 0, done: 0, running: 0, waiting: 0, skipped: 0, failed: 0 });

/**
 * One row per size, from small to large; one column per arm.
 * @param {Pick<Spec, "depths" | "widths" | "arms">} spec @param {Planned[]} cells @param {string} scenario
 * @returns {{sizes: Size[], arms: string[], at: (size: Size, arm: string) => Counts}}
 */
export function stageGrid(spec, cells, scenario) {
  const sizes = spec.depths.flatMap((depth) => spec.widths.map((width) => ({ width, depth })));
  sizes.sort((a, b) => a.width * a.depth - b.width * b.depth || a.width - b.width);
  /** @type {Map<string, Counts>} */
  const counts = new Map();
  for (const cell of cells.filter((item) => item.scenario === scenario)) {
    const key = keyOf(cell, cell.parametrization);
    const found = counts.get(key) ?? nothing();
    found[FATES[cell.state]] += cell.num_runs;
    found.planned += cell.num_runs;
    counts.set(key, found);
  }
  return {
    sizes,
    arms: spec.arms.map((arm) => arm.parametrization),
    at: (size, arm) => counts.get(keyOf(size, arm)) ?? nothing(),
  };
}

/** @param {Size} size @param {string} arm */
const keyOf = ({ width, depth }, arm) => `${width}/${depth}/${arm}`;

/**
 * The stage that is running: the highest with an open cell, else the last one planned.
 * @param {Pick<Cell, "state" | "stage">[]} cells
 */
export function currentStage(cells) {
  const open = cells.filter((cell) => ["running", "queued"].includes(cell.state));
  return Math.max(0, ...(open.length ? open : cells).map((cell) => cell.stage));
}
