/** From what the viewer chose to what the server is asked; left out means the server's own choice. */

/** Ready-made plans: fewer seeds and steps to look, more sizes and seeds to be sure. */
export const PRESETS = {
  quick: { seeds: [0, 1, 2], num_steps: 120 },
  standard: {},
  thorough: { widths: [32, 64, 128, 256, 512], seeds: [0, 1, 2, 3, 4, 5, 6, 7], num_steps: 600 },
};

const MOST_SEEDS = 10_000;

/** @param {any} dataset @param {any} choices {preset, own} @returns {any} */
export function planRequest(dataset, { preset, own }) {
  const { lrs, num_seeds, ...plain } = own;
  const wishes = { ...PRESETS[preset], ...plain };
  if (num_seeds !== undefined) wishes.seeds = seeds(num_seeds);
  if (lrs) wishes.arms = lrs.arms.map((parametrization) => ({ parametrization, lrs: lrs.values }));
  return { dataset_id: dataset.id, name: dataset.name.slice(0, 200), ...wishes };
}

/** The first seeds; the server refuses what is no number, and far fewer than the limit here. */
function seeds(count) {
  return Number.isInteger(count) ? Array.from({ length: Math.min(count, MOST_SEEDS) }, (_, seed) => seed) : [count];
}

/**
 * Read a list of numbers separated by commas or spaces; null when nothing was written. What is not a number
 * stays as it is, so that the server can say so.
 * @param {string} text
 */
export function numbers(text) {
  const parts = text.normalize("NFKC").split(/[\s,、;]+/).filter(Boolean);
  return parts.length ? parts.map((part) => (Number.isFinite(Number(part)) ? Number(part) : part)) : null;
}
