/** How far the answer reaches: what was measured, what is estimated, what is not claimed. */

import { h } from "../base/dom.js";
import { figure, list, number, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { sizeText } from "../words/size_text.js";
import { plainList } from "../base/tables.js";
import { reasonText } from "./reason_text.js";

/** @import { Outlook, Ranges, Verdict } from "../../types/answers.js" */
/** @import { Child } from "../../types/page.js" */

/** @param {Verdict} verdict @returns {HTMLElement} */
export function verdictLimits(verdict) {
  const block = (/** @type {string} */ name, /** @type {Child} */ content) =>
    h("div", { data: { range: name } }, h("h3", {}, t(`ui.verdict.${name}`)), content);
  return h(
    "div",
    { class: "verdict-limits" },
    block("ranges", h("p", {}, measured(verdict.ranges))),
    block("extrapolated", estimated(verdict)),
    block("not_claimed", plainList(verdict.ranges.not_claimed.map(reasonText))),
  );
}

/** @param {Ranges} ranges */
function measured(ranges) {
  if (!ranges.widths.length) return t("ui.verdict.nothing_measured");
  return t("ui.verdict.measured", {
    widths: list(ranges.widths),
    depths: list(ranges.depths),
    steps: number(ranges.num_steps),
    batch: number(ranges.batch_size),
    seeds: number(ranges.num_seeds),
    low: figure(ranges.lr_low),
    high: figure(ranges.lr_high),
  });
}

/** @param {Verdict} verdict */
function estimated({ outlook }) {
  const pilot = h("p", { class: "hint" }, t("ui.verdict.pilot"));
  if (!outlook) return [h("p", {}, t("ui.verdict.no_extrapolation")), pilot];
  return [h("p", {}, larger(outlook.extrapolation)), h("p", {}, horizon(outlook.horizon)), pilot];
}

/** @param {Outlook["extrapolation"]} extrapolation */
function larger({ claim, target, lr, reasons }) {
  const size = sizeText(target.width);
  if (claim === "not_claimed") {
    const why = reasons.slice(-1).map(reasonText).join("");
    return t("ui.verdict.target_not_claimed", { size, why });
  }
  if (claim !== "extrapolated" || lr.value === null) return t("ui.verdict.no_extrapolation", { size });
  const { low, high, level } = lr.interval ?? { low: lr.value, high: lr.value, level: 0 };
  const range = { low: figure(low), high: figure(high), percent: percent(level) };
  return t("ui.verdict.expected", { size, lr: figure(lr.value), ...range });
}

/**
 * How the best LR moves with longer training: of the largest size whose curves tell.
 * @param {Outlook["horizon"]} horizon
 */
function horizon({ is_available: isAvailable, trends, reasons }) {
  const trend = trends[trends.length - 1];
  const { value, interval } = trend?.per_doubling ?? { value: null, interval: null };
  if (!isAvailable || value === null) return reasons.map(reasonText).join(" ") || t("ui.horizon.unknown");
  const factor = (/** @type {number} */ octaves) => figure(2 ** octaves);
  if (!interval) return t("ui.horizon.moves_about", { factor: factor(value) });
  return t("ui.horizon.moves", { factor: factor(value), low: factor(interval.low), high: factor(interval.high) });
}
