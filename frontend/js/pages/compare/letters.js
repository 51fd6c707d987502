/** The letter by which an experiment is called in the figures: names of people never enter them. */

/** @param {number} at its place among those compared */
export const letterOf = (at) => String.fromCharCode("A".charCodeAt(0) + at);
