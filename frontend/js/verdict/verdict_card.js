/** The answer: one sentence, one colour and icon, three numbers, what to do, and how far it reaches. */

import { h, icon } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { ICONS } from "../base/icons.js";
import { levelSwitch } from "../words/level_switch.js";
import { sizeText } from "../words/size_text.js";
import { plainList } from "../base/tables.js";
import { judgeAgain } from "./judge_again.js";
import { verdictNumbers } from "./numbers/verdict_numbers.js";
import { reasonText } from "./reason_text.js";
import { verdictAxes } from "./verdict_axes.js";
import { verdictEarly } from "./verdict_early.js";
import { headline, isFounded, lead } from "./verdict_lead.js";
import { verdictLimits } from "./verdict_limits.js";
import { verdictNext } from "./verdict_next.js";
import { verdictOpen } from "./verdict_open.js";
import { verdictWhy } from "./verdict_why.js";

/** @import { Deciding, Experiment, Verdict } from "../../types/answers.js" */

/**
 * @typedef {object} Acts what follows when the reader acts
 * @property {() => void} onJudged after it was judged again
 * @property {(experiment: Experiment) => void} onReopened after it was told to go on
 */

/**
 * @param {Verdict | null} verdict null while there is none @param {Experiment} experiment what it is of
 * @param {string} scenario its name, where there are several, else empty
 * @param {Acts} acts @param {boolean} isComing whether an answer is awaited where there is none
 * @returns {HTMLElement | null}
 */
export function verdictCard(verdict, experiment, scenario, { onJudged, onReopened }, isComing = false) {
  if (!verdict) return isComing ? waiting(null) : null;
  const { outcome } = verdict;
  if (verdict.is_interim && outcome === "inconclusive") return waiting(verdict);
  return h(
    "section",
    { class: "verdict", data: { outcome }, "aria-labelledby": "verdict-sentence", id: "verdict" },
    head(verdict, experiment, scenario),
    experiment.is_judged_by_old_rules ? judgeAgain(experiment, onJudged) : null,
    verdictEarly(verdict),
    next(verdict, experiment, onReopened),
    outcome === "inconclusive" ? missing(verdict) : null,
    verdictAxes(verdict.arm),
    evidence(verdict, experiment),
    verdictLimits(verdict),
    verdictWhy(verdict, experiment),
  );
}

/** No answer yet; but perhaps what it will probably be. @param {Verdict | null} verdict */
function waiting(verdict) {
  const early = verdict && verdictEarly(verdict);
  return h(
    "section",
    { class: "panel verdict-wait", id: "verdict-wait" },
    h("h2", {}, t("ui.verdict.waiting")),
    early ?? h("p", { class: "hint" }, t("ui.verdict.waiting_why")),
  );
}

/** @param {Verdict} verdict @param {Experiment} experiment @param {string} scenario */
function head(verdict, experiment, scenario) {
  const { outcome } = verdict;
  const kicker = scenario ? t("ui.scenarios.answer_of", { scenario }) : t("ui.verdict.kicker");
  return h(
    "div",
    { class: "verdict-top" },
    h("span", { class: "verdict-icon" }, icon(ICONS[outcome])),
    h(
      "div",
      {},
      h("p", { class: "kicker" }, kicker, marks(verdict, experiment)),
      h("h2", { id: "verdict-sentence" }, headline(verdict, "title")),
      lead(verdict),
    ),
    levelSwitch("card-level"),
  );
}

/** @param {Verdict} verdict @param {Experiment} experiment */
function marks({ is_interim, is_provisional, reasons, rule_version: version }, experiment) {
  const marked = {
    interim: is_interim,
    provisional: is_provisional,
    old_rules: experiment.is_judged_by_old_rules,
    moved: reasons.some((reason) => reason.code === "thresholds_not_fixed"),
  };
  const names = Object.entries(marked).filter(([, isSo]) => isSo);
  return names.map(([name]) => {
    const title = t(`ui.verdict.mark.${name}_why`, { version });
    return h("span", { class: "chip", data: { mark: name }, title }, t(`ui.verdict.mark.${name}`));
  });
}

/** @param {Verdict} verdict @param {Experiment} experiment @param {Acts["onReopened"]} onReopened */
const next = (verdict, experiment, onReopened) =>
  h(
    "div",
    { class: "verdict-next" },
    h("h3", {}, t("ui.verdict.next")),
    verdictNext(verdict),
    verdictOpen(verdict, experiment, onReopened),
  );

/** The numbers of the size that decides. @param {Verdict} verdict @param {Experiment} experiment */
function evidence(verdict, experiment) {
  const { deciding } = verdict;
  const numbers = isFounded(verdict) ? verdictNumbers(verdict) : null;
  if (!deciding || !numbers) return null;
  const log = experiment.is_log_label ? h("p", { class: "hint" }, t("ui.verdict.log_label")) : null;
  return [h("h3", {}, t("ui.verdict.evidence", sizesCompared(deciding, verdict, experiment))), numbers, log];
}

/**
 * Both sizes in words: only the width, unless they differ in depth.
 * @param {Deciding} size @param {Verdict} verdict @param {Experiment} experiment
 */
function sizesCompared(size, { base_width: width }, { spec }) {
  const depth = spec.depths.includes(spec.base_depth) ? spec.base_depth : Math.min(...spec.depths);
  const isDeeper = size.depth !== depth;
  return { size: sizeText(size.width, isDeeper ? size.depth : null), base: sizeText(width, isDeeper ? depth : null) };
}

/** @param {Verdict} verdict */
function missing({ reasons }) {
  if (!reasons.length) return null;
  const title = h("h3", {}, t("ui.verdict.missing"));
  return h("div", { class: "verdict-missing" }, title, plainList(reasons.map(reasonText)));
}
