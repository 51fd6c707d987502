/** The answer to a sweep: one headline, then every arm on every axis, what it rests on and what it lacks. */

import { h } from "../../base/dom.js";
import { finePercent, number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { headCells, plainList, scrollTable } from "../../base/tables.js";
import { readsAsEngineer } from "../../viewer/reading_level.js";
import { armName, axisName, known, levelsText, levelText, reasonText } from "./sweep_words.js";

/** @import { SweepAnswer, SweepArm, SweepAxis, SweepComparison } from "../../../types/answers.js" */

const HEADS = ["pair", "answer", "cost", "benefit", "compute", "shift", "margin"];
/** Comparisons of an axis that are all shown; of more only those that decide. */
const MOST_SHOWN = 12;

/** @param {SweepAnswer} found */
export function answer(found) {
  const { outcome, arms, judged_arm: judged } = found;
  const isProvisional = arms.some((arm) => arm.axes.some((axis) => axis.is_provisional));
  const seeds = found.thresholds.full_seeds;
  return h(
    "section",
    { class: "panel stack", id: "sweep-answer", data: { outcome } },
    h("h2", {}, t(`sweep.headline.${outcome}`)),
    h("p", { class: "lead" }, t(`report.sweep.lead.${outcome}`)),
    h("p", {}, h("strong", {}, t(`report.sweep.do.${outcome}`))),
    arms.length > 1 ? h("p", { class: "hint" }, t("sweep.text.judged", { arm: armName(judged) })) : null,
    isProvisional ? h("p", { class: "hint" }, t("sweep.text.provisional", { seeds })) : null,
    arms.map(ofArm),
    lacking(found),
  );
}

/** @param {SweepArm} arm */
const ofArm = (arm) => [
  armName(arm.arm) ? h("h3", {}, armName(arm.arm)) : null,
  arm.axes.map(ofAxis),
  arm.reasons.length ? plainList(arm.reasons.map(reasonText)) : null,
  readsAsEngineer() ? h("p", { class: "hint" }, noise(arm)) : null,
];

/** @param {SweepArm} arm */
const noise = ({ noise: sigma, noise_source: source }) =>
  t(`sweep.noise.${source}`, { noise: sigma === null ? "" : known(sigma) });

/** @param {SweepAxis} axis */
function ofAxis(axis) {
  const { outcome, rule, held, slope, reasons } = axis;
  const shown = axis.comparisons.length > MOST_SHOWN ? axis.comparisons.filter((c) => c.is_target) : axis.comparisons;
  const names = held.map(axisName).join(t("sweep.text.comma"));
  const isFull = readsAsEngineer();
  const about = shown.flatMap((each) => each.reasons.map((why) => `${pair(each)}: ${reasonText(why)}`));
  return h(
    "section",
    { class: "stack", data: { axis: axis.axis } },
    h(
      "p",
      { class: "sweep-axis" },
      h("strong", {}, t("sweep.text.axis", { axis: axisName(axis.axis), outcome: t(`sweep.outcome.${outcome}`) })),
      h("span", {}, t(`sweep.rule.${rule}`)),
    ),
    isFull && held.length ? h("p", { class: "hint" }, t("sweep.text.held", { names })) : null,
    isFull && slope ? h("p", { class: "hint" }, t("sweep.text.slope", { octaves: known(slope) })) : null,
    reasons.length ? plainList(reasons.map(reasonText)) : null,
    shown.length ? comparisons(axis, shown, isFull) : null,
    isFull && about.length ? plainList(about) : null,
  );
}

/** @param {SweepComparison} comparison */
const pair = ({ base, target }) => `${levelText(base)} → ${levelText(target)}`;

/** @param {SweepAxis} axis @param {readonly SweepComparison[]} shown @param {boolean} isFull */
function comparisons({ axis }, shown, isFull) {
  const heads = isFull ? [...HEADS, "rates"] : HEADS.slice(0, 5);
  const rows = shown.map((each) => h("tr", {}, h("th", { scope: "row" }, pair(each)), cells(each, isFull)));
  const name = t("ui.sweep.comparisons", { axis: axisName(axis) });
  return scrollTable(name, headCells(heads.map((head) => t(`ui.sweep.cell.${head}`))), rows);
}

/** @param {SweepComparison} comparison @param {boolean} isFull */
function cells({ outcome, measures, num_strata: count }, isFull) {
  const least = measures.is_lower_bound ? "≥ " : "";
  const share = (/** @type {number | null} */ value) => (value === null ? "–" : least + finePercent(value));
  const words = count > 1 ? t("ui.sweep.mean_of", { count: number(count) }) : null;
  const plain = [
    h("td", {}, t(`sweep.outcome.${outcome}`), words ? h("p", { class: "hint" }, words) : null),
    h("td", { class: "number" }, measures.cost.value === null ? "–" : least + known(measures.cost.value)),
    h("td", { class: "number" }, share(measures.benefit_lost.value)),
    h("td", { class: "number" }, share(measures.extra_compute.value)),
  ];
  if (!isFull) return plain;
  const rates = `${known(measures.base_lr)} → ${known(measures.best_lr)}`;
  return [
    ...plain,
    h("td", { class: "number" }, known(measures.shift)),
    h("td", { class: "number" }, known(measures.margin)),
    h("td", { class: "number" }, rates),
  ];
}

/** What the table lacks, and what was assumed. @param {SweepAnswer} answer */
function lacking({ notes, law }) {
  const assumed = law
    ? t("report.sweep.law", { irreducible: law.irreducible, exponent: law.exponent })
    : t("report.sweep.no_law");
  return [h("h3", {}, t("report.sweep.lacks")), plainList([...notes.map(reasonText), assumed])];
}

/** A run's setting. @param {{arm: Record<string, string>, levels: Record<string, number | string>}} run */
export const settingText = ({ arm, levels }) => [armName(arm), levelsText(levels)].filter(Boolean).join(" · ");
