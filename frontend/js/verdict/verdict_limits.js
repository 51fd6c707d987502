/** How far the answer reaches: could the data tell, what was measured, what is estimated, what is not claimed. */

import { h } from "../base/dom.js";
import { figure, list, number, percent } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { sizeText } from "../base/size_text.js";
import { reasonText } from "./reason_text.js";

/** @param {any} verdict @returns {HTMLElement} */
export function verdictLimits(verdict) {
  const block = (name, ...content) =>
    h("div", { data: { range: name } }, h("h3", {}, t(`ui.verdict.${name}`)), content);
  return h(
    "div",
    { class: "verdict-limits" },
    block("control", h("p", {}, control(verdict))),
    block("ranges", h("p", {}, measured(verdict.ranges))),
    block("extrapolated", estimated(verdict)),
    block(
      "not_claimed",
      h(
        "ul",
        { class: "plain" },
        verdict.ranges.not_claimed.map((reason) => h("li", {}, reasonText(reason))),
      ),
    ),
  );
}

function measured(ranges) {
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

function estimated({ outlook }) {
  const pilot = h("p", { class: "hint" }, t("ui.verdict.pilot"));
  if (!outlook) return [h("p", {}, t("ui.verdict.no_extrapolation")), pilot];
  return [h("p", {}, larger(outlook.extrapolation)), horizon(outlook.horizon), pilot];
}

function larger({ claim, target, lr }) {
  const size = sizeText(target.width);
  if (claim !== "extrapolated" || lr.value === null)
    return t(claim === "not_claimed" ? "ui.verdict.target_not_claimed" : "ui.verdict.no_extrapolation", { size });
  const { low, high, level } = lr.interval ?? { low: lr.value, high: lr.value, level: 0 };
  return t("ui.verdict.expected", {
    size,
    lr: figure(lr.value),
    low: figure(low),
    high: figure(high),
    percent: percent(level),
  });
}

/** How the best LR moves with longer training: of the largest size whose curves tell. */
function horizon({ is_available: isAvailable, trends, reasons }) {
  const trend = trends[trends.length - 1];
  const { value, interval } = trend?.per_doubling ?? { value: null, interval: null };
  if (!isAvailable || value === null)
    return h("p", {}, reasons.length ? reasons.map(reasonText).join(" ") : t("ui.horizon.unknown"));
  const factor = (octaves) => figure(2 ** octaves);
  return h(
    "p",
    {},
    interval
      ? t("ui.horizon.moves", { factor: factor(value), low: factor(interval.low), high: factor(interval.high) })
      : t("ui.horizon.moves_about", { factor: factor(value) }),
  );
}

/** Could this data have told the difference at all? The control that should fail says so. */
function control({ control: arm, can_discriminate: can }) {
  if (!arm) return t("ui.verdict.control.none");
  const params = { arm: t(`figure.arm.${arm.parametrization}`), outcome: t(`ui.outcome.short.${arm.outcome}`) };
  const said = t(`ui.verdict.control.${can === null ? "unknown" : can ? "differs" : "same"}`, params);
  return can === null && has(`rule.${arm.rule}`) ? [said, " ", t(`rule.${arm.rule}`)] : said;
}
