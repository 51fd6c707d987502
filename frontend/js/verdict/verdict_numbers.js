/** The three numbers behind the answer, each with its interval, its limit and a small picture of both. */

import { h, icon } from "../base/dom.js";
import { asFactor, factor, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { ICONS } from "../base/icons.js";
import { scalePicture } from "./scale_picture.js";

/** @import { Estimate, LossStatistics, SizeStatistics, Verdict } from "../../types/answers.js" */
/** @typedef {"yes" | "unsure" | "no"} Within */
/** @typedef {{low: number, high: number}} Ends */

/**
 * @typedef {object} Shown a number as it is shown
 * @property {string} name
 * @property {string | null} value in words
 * @property {string | null} interval in words
 * @property {string} limit in words
 * @property {Element} picture
 * @property {Within | null} within
 */

/** Ends of the pictures: a quarter to four times; up to 20%; up to three times. */
const SCALES = {
  shift: { low: -2.4, high: 2.4 },
  regret: { low: 0, high: 0.2 },
  sharpness: { low: 1, high: 3 },
};

/**
 * The size that decided, or the largest; and what was found on the loss the LR was tuned on.
 * @param {Pick<Verdict, "arm" | "target_width">} verdict
 * @returns {{size: SizeStatistics | undefined, loss: LossStatistics | undefined}}
 */
export function decidingSize({ arm, target_width: target }) {
  const isWorst = (/** @type {SizeStatistics} */ { width, depth }) =>
    width === arm.worst_width && (arm.worst_depth === null || depth === arm.worst_depth);
  const largest = arm.sizes.find((item) => item.width === target) ?? arm.sizes[arm.sizes.length - 1];
  const size = arm.sizes.find(isWorst) ?? largest;
  const losses = size?.losses ?? [];
  return { size, loss: losses.find((item) => item.loss === "val_loss") ?? losses[0] };
}

/** @param {Verdict} verdict @returns {HTMLElement} */
export function verdictNumbers(verdict) {
  const { size, loss } = decidingSize(verdict);
  const { transfers_shift, transfers_regret, spread_level } = verdict.thresholds;
  return h(
    "dl",
    { class: "numbers" },
    card(shift(loss?.lr_shift, transfers_shift)),
    card(regret(loss?.transfer_regret, transfers_regret)),
    card(sharpness(size?.spread_level ?? null, spread_level)),
  );
}

/** @param {Estimate | undefined} estimate octaves @param {number} limit @returns {Shown} */
function shift(estimate, limit) {
  const { value, interval: ends } = estimate ?? { value: null, interval: null };
  const range = (/** @type {number} */ low, /** @type {number} */ high) =>
    t("ui.number.range_times", { low: asFactor(low), high: asFactor(high) });
  const allowed = { low: -limit, high: limit };
  return {
    name: "shift",
    value: value === null ? null : t("ui.number.times", { value: asFactor(value) }),
    interval: ends && intervalText(range(ends.low, ends.high), ends.level),
    limit: range(-limit, limit),
    picture: scalePicture(SCALES.shift, value, ends, allowed),
    within: within(value, ends, allowed),
  };
}

/** @param {Estimate | undefined} estimate a share of the loss @param {number} limit @returns {Shown} */
function regret(estimate, limit) {
  const { value, interval: ends } = estimate ?? { value: null, interval: null };
  const range = (/** @type {Ends} */ { low, high }) =>
    t("ui.number.range", { low: percent(Math.max(0, low)), high: percent(high) });
  return {
    name: "regret",
    value: value === null ? null : percent(value),
    interval: ends && intervalText(range(ends), ends.level),
    limit: t("ui.number.up_to", { value: percent(limit) }),
    picture: scalePicture(SCALES.regret, value, ends, { low: 0, high: limit }),
    within: within(value, ends, { low: -Infinity, high: limit }),
  };
}

/** @param {number | null} level logarithm of the ratio @param {number} limit of the ratio @returns {Shown} */
function sharpness(level, limit) {
  const ratio = level === null ? null : Math.exp(level);
  return {
    name: "sharpness",
    value: ratio === null ? null : t("ui.number.times", { value: factor(ratio) }),
    interval: null,
    limit: t("ui.number.up_to", { value: t("ui.number.times", { value: factor(limit) }) }),
    picture: scalePicture(SCALES.sharpness, ratio, null, { low: 1, high: limit }),
    within: within(ratio, ratio === null ? null : { low: ratio, high: ratio }, { low: 0, high: limit }),
  };
}

/** @param {string} interval @param {number} level */
const intervalText = (interval, level) => t("ui.number.interval", { percent: percent(level), interval });

/** @param {Shown} shown */
function card({ name, value, interval, limit, picture, within: answer }) {
  return h(
    "div",
    { class: "number-card" },
    h("dt", {}, t(`ui.number.${name}.title`)),
    h("dd", { class: "number-value" }, value ?? t("ui.number.none"), answer ? mark(answer) : null),
    h("dd", { class: "number-picture", "aria-hidden": "true" }, picture),
    h(
      "dd",
      { class: "number-facts" },
      interval ? h("span", {}, interval) : null,
      h("span", {}, t("ui.number.limit", { limit })),
    ),
    h("dd", { class: "hint" }, t(`ui.number.${name}.means`)),
  );
}

/**
 * As in the rules, the whole interval must lie within the limits; the value alone proves nothing.
 * @param {number | null} value @param {Ends | null} ends @param {Ends} allowed @returns {Within | null}
 */
export function within(value, ends, { low, high }) {
  if (value === null || !ends) return null;
  if (ends.low >= low && ends.high <= high) return "yes";
  return value >= low && value <= high ? "unsure" : "no";
}

const MARKS = { yes: ICONS.transfers, unsure: ICONS.inconclusive, no: ICONS.does_not_transfer };

/** @param {Within} answer */
function mark(answer) {
  const words = t(`ui.number.within.${answer}`);
  return h("span", { class: "chip number-mark", data: { within: answer } }, icon(MARKS[answer]), words);
}
