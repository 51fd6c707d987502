/** Remembers which experiment is toured, at which step, and that somebody has ended it. */

import { preferences, setPreference } from "../viewer/preferences.js";

/** @typedef {{id: string, step: number}} Place */

/** Begin the tour of an experiment, from the start. @param {string} id */
export const beginTour = (id) => keep({ id, step: 0 });

/** @returns {Place | null} */
export function placeOfTour() {
  const { id, step } = preferences("tour"); // storage may hold what we did not write
  return typeof id === "string" && Number.isInteger(step) ? { id, step: Number(step) } : null;
}

/** @param {Place | null} place null ends the tour */
export const keep = (place) => setPreference("tour", place);
