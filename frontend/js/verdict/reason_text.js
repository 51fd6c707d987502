/** Reasons of a verdict as sentences: names of losses, arms and optimizers become words, numbers are formatted. */

import { figure, money, number } from "../base/format.js";
import { has, t } from "../base/i18n.js";

const WORDS = { loss: (value) => `loss.${value}`, parametrization: (value) => `figure.arm.${value}`, optimizer: (value) => `ui.optimizer.${value}`, part: (value) => `coordinate.part.${value}` };
/** Sizes and counts are written in full; the rest with three digits. */
const WHOLE = new Set(["width", "base_width", "depth", "base_depth", "num_steps", "batch_size", "missing", "planned", "needed", "given", "add", "step", "steps", "count", "of", "wrong", "runs", "seeds"]);

/** @param {{code: string, params: Record<string, string | number>}} reason */
export function reasonText({ code, params }) {
  const shown = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, shownValue(name, value)]));
  if (params.currency) shown.money = money(params.money, params.currency);
  const sizes = { size: sizeText(shown.width, shown.depth), base_size: sizeText(shown.base_width, shown.base_depth) };
  return has(`reason.${code}`) ? t(`reason.${code}`, { ...shown, ...sizes }) : code;
}

/** Words for a size; verdicts of older rules name its width only. */
const sizeText = (width, depth) => (depth === undefined ? t("size.width", { width }) : t("size.width_depth", { width, depth }));

function shownValue(name, value) {
  const key = WORDS[name]?.(value);
  if (key) return has(key) ? t(key) : value;
  if (typeof value !== "number") return value;
  return WHOLE.has(name) ? number(value, { useGrouping: false }) : figure(value);
}
