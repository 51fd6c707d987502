/** Remembers which experiment is toured, at which step, and that somebody has ended it. */

const KEY = "muscope.tour";

/** @typedef {{id: string, step: number}} Place */

/** Begin the tour of an experiment, from the start. @param {string} id */
export const beginTour = (id) => keep({ id, step: 0 });

/** @returns {Place | null} */
export function placeOfTour() {
  try {
    const { id, step } = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof id === "string" && Number.isInteger(step) ? { id, step } : null;
  } catch {
    return null; // storage may be forbidden, or hold what we did not write; then there is no tour
  }
}

/** @param {Place | null} place null ends the tour */
export function keep(place) {
  try {
    if (place === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify(place));
  } catch {
    // see placeOfTour()
  }
}
