/** Estimates of a verdict as they stand in its tables. */

/** @import { Estimate } from "../../../types/answers.js" */

/** Value and interval: `0.50 [0.20, 0.80]`. @param {Estimate} estimate @param {(value: number) => string} format */
export function estimateText({ value, interval }, format) {
  if (value === null) return "–";
  return interval ? `${format(value)} [${format(interval.low)}, ${format(interval.high)}]` : format(value);
}
