/** Reasons of a verdict as sentences: names of losses, arms and optimizers become words, numbers are formatted. */

import { about, figure, money, number } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { sizeText } from "../words/size_text.js";

/** @import { Reason } from "../../types/answers.js" */
/** @typedef {string | number} Value */

/**
 * Catalogue keys of parameters that are names.
 * @type {Record<string, (value: Value) => string>}
 */
const WORDS = {
  loss: (value) => `loss.${value}`,
  parametrization: (value) => `figure.arm.${value}`,
  outcome: (value) => `ui.outcome.short.${value}`,
  optimizer: (value) => `ui.optimizer.${value}`,
  part: (value) => `coordinate.part.${value}`,
};
/** Sizes and counts are written in full; the rest with three digits. */
const WHOLE = new Set([
  "width",
  "base_width",
  "depth",
  "base_depth",
  "num_steps",
  "base_num_steps",
  "batch_size",
  "base_batch_size",
  "missing",
  "planned",
  "needed",
  "given",
  "add",
  "step",
  "steps",
  "count",
  "of",
  "wrong",
  "runs",
  "seeds",
]);

/** @param {Reason} reason */
export function reasonText({ code, params }) {
  const key = `reason.${code}`;
  if (!has(key)) return code;
  const shown = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, shownValue(name, value)]));
  if (params.currency) shown.money = money(Number(params.money), String(params.currency));
  return t(key, { ...shown, ...sizesOf(params) });
}

/** The sizes that are named, in words; verdicts of older rules name a width only. @param {Reason["params"]} params */
function sizesOf({ width, depth, base_width, base_depth }) {
  return {
    ...(width === undefined ? {} : { size: sizeOf(width, depth) }),
    ...(base_width === undefined ? {} : { base_size: sizeOf(base_width, base_depth) }),
  };
}

/** @param {Value} width @param {Value | undefined} depth */
const sizeOf = (width, depth) => sizeText(Number(width), depth === undefined ? null : Number(depth));

/** @param {string} name @param {Value} value */
function shownValue(name, value) {
  const key = WORDS[name]?.(value);
  if (key) return has(key) ? t(key) : value;
  if (typeof value !== "number") return value;
  if (name === "minutes") return about(60 * value);
  return WHOLE.has(name) ? number(value, { useGrouping: false }) : figure(value);
}
