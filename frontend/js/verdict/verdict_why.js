/** The rule and what the answer can be trusted by; for engineers also the evidence and the thresholds. */

import { h } from "../base/dom.js";
import { figure, octaves, percent } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { readsAsEngineer } from "../viewer/reading_level.js";
import { headCells, numberCell, plainList, scrollTable } from "../base/tables.js";
import { checkTable } from "./check_table.js";
import { estimateText } from "./numbers/estimate_text.js";
import { reasonText } from "./reason_text.js";
import { verdictTrust } from "./verdict_trust.js";

/** @import { ArmVerdict, AxisVerdict, Experiment } from "../../types/answers.js" */
/** @import { LossStatistics, SizeStatistics, Verdict } from "../../types/answers.js" */

const HEADS = [
  "width",
  "loss",
  "optimum",
  "shift",
  "regret",
  "after_search",
  "extra_training",
  "gain_loss",
  "diverged",
  "margin",
  "spread",
  "growth",
  "edge",
  "speed",
];

/** @param {Verdict} verdict @param {Experiment} experiment when it was fixed and first run @returns {HTMLElement} */
export function verdictWhy(verdict, experiment) {
  const { arm, control, outcome, reasons } = verdict;
  return h(
    "details",
    { class: "fold", id: "why" },
    h("summary", {}, t("ui.why.title")),
    h("p", {}, ruleText(verdict.rule)),
    // Of an open answer they stand above, as what is missing.
    reasons.length && outcome !== "inconclusive" ? plainList(reasons.map(reasonText)) : null,
    readsAsEngineer() ? [arm, ...(control ? [control] : [])].map(armEvidence) : null,
    verdictTrust(verdict, experiment),
  );
}

/** @param {string} rule */
const ruleText = (rule) => (has(`rule.${rule}`) ? t(`rule.${rule}`) : rule);

/** @param {ArmVerdict} arm */
function armEvidence(arm) {
  const name = t(`figure.arm.${arm.parametrization}`);
  const base = { lr: figure(arm.base_lr), slope: estimateText(arm.lr_slope, octaves) };
  return [
    h("h4", {}, t("ui.why.arm", { arm: name, outcome: t(`ui.outcome.short.${arm.outcome}`) })),
    h("p", { class: "hint" }, t("ui.why.base", base)),
    arm.axes.length > 1 ? plainList(arm.axes.map(axisText), "plain hint") : null,
    sizesTable(name, arm.sizes),
    arm.coordinate_checks.map(checkTable),
  ];
}

/** @param {AxisVerdict} verdict */
function axisText({ axis, outcome, rule, lr_slope: slope }) {
  return t("ui.why.axis", {
    axis: t(`ui.axis.${axis}`),
    outcome: t(`ui.outcome.short.${outcome}`),
    rule: ruleText(rule),
    slope: estimateText(slope, octaves),
  });
}

/** @param {string} name @param {SizeStatistics[]} sizes */
function sizesTable(name, sizes) {
  const hasDepths = new Set(sizes.map((size) => size.depth)).size > 1;
  const heads = HEADS.map((head) => (head === "width" && hasDepths ? "size" : head));
  const rows = sizes.flatMap((size) =>
    sizeRows(size, hasDepths ? `${size.width} × ${size.depth}` : String(size.width)),
  );
  return scrollTable(name, headCells(heads.map((head) => t(`ui.why.head.${head}`))), rows);
}

/** One row per loss; what is of the size as a whole spans them. @param {SizeStatistics} size @param {string} name */
function sizeRows(size, name) {
  const rowspan = size.losses.length;
  const shared = (/** @type {string} */ text) => h("td", { class: "number", rowspan }, text);
  return size.losses.map((loss, index) =>
    h(
      "tr",
      {},
      index === 0 ? h("th", { scope: "row", rowspan, class: "number" }, name) : null,
      lossCells(loss),
      index === 0 ? sizeTexts(size).map(shared) : null,
    ),
  );
}

/** @param {LossStatistics} loss */
function lossCells(loss) {
  const name = has(`loss.${loss.loss}`) ? t(`loss.${loss.loss}`) : loss.loss;
  const texts = [
    figure(loss.optimal_lr) + (loss.is_edge ? t("ui.why.edge") : ""),
    estimateText(loss.lr_shift, octaves),
    estimateText(loss.transfer_regret, percent),
    estimateText(loss.after_search, percent),
    estimateText(loss.extra_training, percent),
    estimateText(loss.gain_loss, percent),
  ];
  return [h("td", {}, name), texts.map(numberCell)];
}

/** @param {SizeStatistics} size */
const sizeTexts = (size) => [
  percent(size.divergence_rate),
  figure(size.lr_margin),
  figure(size.spread_level),
  estimateText(size.spread_growth, figure),
  percent(size.edge_share),
  figure(size.speed),
];
