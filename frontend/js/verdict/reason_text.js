/** Reasons of a verdict as sentences: names of losses, arms and optimizers become words, numbers are formatted. */

import { figure, money, number } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { sizeText } from "../base/size_text.js";

const WORDS = {
  loss: (value) => `loss.${value}`,
  parametrization: (value) => `figure.arm.${value}`,
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
  "batch_size",
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

/** @param {{code: string, params: Record<string, string | number>}} reason */
export function reasonText({ code, params }) {
  const shown = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, shownValue(name, value)]));
  if (params.currency) shown.money = money(params.money, params.currency);
  // Verdicts of older rules name a width only.
  if (params.width !== undefined) shown.size = sizeText(params.width, params.depth);
  if (params.base_width !== undefined) shown.base_size = sizeText(params.base_width, params.base_depth);
  return has(`reason.${code}`) ? t(`reason.${code}`, shown) : code;
}

function shownValue(name, value) {
  const key = WORDS[name]?.(value);
  if (key) return has(key) ? t(key) : value;
  if (typeof value !== "number") return value;
  return WHOLE.has(name) ? number(value, { useGrouping: false }) : figure(value);
}
