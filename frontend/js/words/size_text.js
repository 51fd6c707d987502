/** The size of a model in words. */

import { number } from "../base/format.js";
import { t } from "../base/i18n.js";

/** @import { Spec } from "../../types/answers.js" */

/** Tell whether the sizes of an experiment are ranks of adapters. @param {Spec} spec */
export const isOfRanks = (spec) => spec.model.family === "adapted";

const whole = (/** @type {number} */ value) => number(value, { useGrouping: false });

/**
 * Width and depth, or the width alone where depths do not differ.
 * @param {number} width @param {number | null} [depth]
 */
export function sizeText(width, depth) {
  if (depth === null || depth === undefined) return t("size.width", { width: whole(width) });
  return t("size.width_depth", { width: whole(width), depth: whole(depth) });
}
