/** The three numbers behind the answer, each with its interval, its limit and a small picture of both. */

import { h, icon } from "../base/dom.js";
import { asFactor, factor, percent } from "../base/format.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";

/** Ends of the pictures: a quarter to four times; up to 20%; up to three times. */
const SCALES = { shift: [-2.4, 2.4], regret: [0, 0.2], sharpness: [1, 3] };

/** The size that decided, or the largest; and what was found on the loss the LR was tuned on. @param {any} verdict */
export function decidingSize({ arm, target_width: target }) {
  const isWorst = (item) =>
    item.width === arm.worst_width && (arm.worst_depth === null || item.depth === arm.worst_depth);
  const size =
    arm.sizes.find(isWorst) ?? arm.sizes.find((item) => item.width === target) ?? arm.sizes[arm.sizes.length - 1];
  const losses = size?.losses ?? [];
  return { size, loss: losses.find((item) => item.loss === "val_loss") ?? losses[0] };
}

/** @param {any} verdict @returns {HTMLElement} */
export function verdictNumbers(verdict) {
  const { size, loss } = decidingSize(verdict);
  const { thresholds } = verdict;
  return h(
    "dl",
    { class: "numbers" },
    shift(loss?.lr_shift, thresholds.transfers_shift),
    regret(loss?.transfer_regret, thresholds.transfers_regret),
    sharpness(size?.spread_level, thresholds.spread_level),
  );
}

function shift(estimate, limit) {
  const ends = estimate?.interval;
  return entry("shift", {
    value: present(estimate?.value) ? t("ui.number.times", { value: asFactor(estimate.value) }) : null,
    interval: ends && t("ui.number.range_times", { low: asFactor(ends.low), high: asFactor(ends.high) }),
    limit: t("ui.number.range_times", { low: asFactor(-limit), high: asFactor(limit) }),
    picture: [estimate?.value, ends, -limit, limit],
    level: ends?.level,
    within: within(estimate?.value, ends, -limit, limit),
  });
}

function regret(estimate, limit) {
  const ends = estimate?.interval;
  return entry("regret", {
    value: present(estimate?.value) ? percent(estimate.value) : null,
    interval: ends && t("ui.number.range", { low: percent(Math.max(0, ends.low)), high: percent(ends.high) }),
    limit: t("ui.number.up_to", { value: percent(limit) }),
    picture: [estimate?.value, ends, 0, limit],
    level: ends?.level,
    within: within(estimate?.value, ends, -Infinity, limit),
  });
}

function sharpness(level, limit) {
  const ratio = present(level) ? Math.exp(level) : null;
  return entry("sharpness", {
    value: ratio === null ? null : t("ui.number.times", { value: factor(ratio) }),
    interval: null,
    limit: t("ui.number.up_to", { value: t("ui.number.times", { value: factor(limit) }) }),
    picture: [ratio, null, 1, limit],
    within: within(ratio, { low: ratio, high: ratio }, 0, limit),
  });
}

const present = (value) => value !== null && value !== undefined;

function entry(name, { value, interval, limit, picture, level, within: answer }) {
  return h(
    "div",
    { class: "number-card" },
    h("dt", {}, t(`ui.number.${name}.title`)),
    h("dd", { class: "number-value" }, value ?? t("ui.number.none"), answer ? mark(answer) : null),
    h("dd", { class: "number-picture", "aria-hidden": "true" }, scale(SCALES[name], ...picture)),
    h(
      "dd",
      { class: "number-facts" },
      interval ? h("span", {}, t("ui.number.interval", { percent: percent(level), interval })) : null,
      h("span", {}, t("ui.number.limit", { limit })),
    ),
    h("dd", { class: "hint" }, t(`ui.number.${name}.means`)),
  );
}

/** As in the rules, the whole interval must lie within the limits; the value alone proves nothing. */
function within(value, ends, low, high) {
  if (!present(value) || !ends) return null;
  if (ends.low >= low && ends.high <= high) return "yes";
  return value >= low && value <= high ? "unsure" : "no";
}

const MARKS = { yes: ICONS.transfers, unsure: ICONS.inconclusive, no: ICONS.does_not_transfer };

const mark = (answer) =>
  h(
    "span",
    { class: "chip number-mark", data: { within: answer } },
    icon(MARKS[answer]),
    t(`ui.number.within.${answer}`),
  );

/** Value and interval as a mark on a line whose allowed part is coloured. */
function scale([start, end], value, ends, low, high) {
  const place = (x) => Math.min(1, Math.max(0, (x - start) / (end - start)));
  const track = h("span", { class: "scale" }, span("scale-allowed", place(low), place(high)));
  if (ends) track.append(span("scale-interval", place(ends.low), place(ends.high)));
  if (present(value)) track.append(span("scale-value", place(value), place(value)));
  return track;
}

function span(look, from, to) {
  const element = h("span", { class: look });
  element.style.setProperty("--from", String(from));
  element.style.setProperty("--to", String(to));
  return element;
}
