/** What has become of every size of every arm, from the cells; what was not planned counts as not needed yet. Pure. */

/** @typedef {{scenario: string, parametrization: string, width: number, depth: number, stage: number, state: string, num_runs: number}} Cell */

/**
 * @typedef {{planned: number, done: number, running: number, waiting: number, skipped: number, failed: number}} Counts
 * Runs by what became of their cells.
 */

const GROUP = /** @type {Record<string, keyof Counts>} */ ({
  completed: "done",
  running: "running",
  queued: "waiting",
  skipped: "skipped",
  failed: "failed",
  cancelled: "failed",
});

/** @returns {Counts} */
const nothing = () => ({ planned: 0, done: 0, running: 0, waiting: 0, skipped: 0, failed: 0 });

/**
 * One row per size, one column per arm.
 * @param {any} spec @param {Cell[]} cells @param {string} scenario
 * @returns {{sizes: {width: number, depth: number}[], arms: string[], at: (size: {width: number, depth: number}, arm: string) => Counts}}
 */
export function stageGrid(spec, cells, scenario) {
  const sizes = spec.depths.flatMap((depth) => spec.widths.map((width) => ({ width, depth })));
  sizes.sort((a, b) => a.width * a.depth - b.width * b.depth || a.width - b.width);
  const counts = new Map();
  for (const cell of cells.filter((item) => item.scenario === scenario)) {
    const key = `${cell.width}/${cell.depth}/${cell.parametrization}`;
    const found = counts.get(key) ?? nothing();
    found[GROUP[cell.state]] += cell.num_runs;
    found.planned += cell.num_runs;
    counts.set(key, found);
  }
  return {
    sizes,
    arms: spec.arms.map((arm) => arm.parametrization),
    at: ({ width, depth }, arm) => counts.get(`${width}/${depth}/${arm}`) ?? nothing(),
  };
}

/** The stage that is running: the highest with an open cell, else the last one planned. @param {Cell[]} cells */
export function currentStage(cells) {
  const open = cells.filter((cell) => ["running", "queued"].includes(cell.state));
  return Math.max(0, ...(open.length ? open : cells).map((cell) => cell.stage));
}
