/** What to do next: the LR to use at the target with its range, a narrow search, the next step of the roll-out. */

import { h } from "../base/dom.js";
import { about, figure, list, number, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { readsAsEngineer } from "../viewer/reading_level.js";
import { sizeText } from "../words/size_text.js";
import { plainList } from "../base/tables.js";
import { reasonText } from "./reason_text.js";
import { headline, reusedRate } from "./verdict_lead.js";

/** @import { Interval, Outlook, Recommendation, RolloutStep, Verdict } from "../../types/answers.js" */
/** @typedef {[name: string, value: string, more?: string | null]} Fact and what to know about it */

/** @param {Verdict} verdict */
export function verdictNext(verdict) {
  const { outlook, is_interim: isInterim } = verdict;
  if (isInterim) return h("p", {}, t("ui.verdict.next_interim"));
  const words = h("p", {}, headline(verdict, "next"));
  if (!outlook) return [simple(verdict), words];
  const advice = outlook.recommendation;
  // What an open answer leaves to do stands once, with what would settle it (verdict_open.js).
  if (verdict.open) return [words, facts(outlook, true), nextGate(advice.gates)];
  const rate = rateToUse(verdict, advice);
  // A search that is spelled out is the one instruction; the general words would say it once more.
  return [rate, isSearch(verdict, advice) ? null : words, facts(outlook), reasons(advice), nextGate(advice.gates)];
}

/** @param {Verdict} verdict @param {Recommendation} advice */
const isSearch = ({ outcome }, { narrow_sweep: sweep }) => sweep !== null && outcome === "fine_tune";

/**
 * Without an outlook, as after a step up or by earlier rules: the reused LR or the range to search.
 * @param {Verdict} verdict
 */
function simple(verdict) {
  const { outcome, arm } = verdict;
  const lr = ["transfers", "sharpness_drifts"].includes(outcome) ? reusedRate(verdict) : null;
  const search = arm.reasons.find((reason) => reason.code === "narrow_search")?.params;
  if (lr) return headlineOf(t("ui.verdict.use", { lr: figure(lr) }));
  if (!search) return null;
  const shown = (/** @type {string} */ name) => figure(Number(search[name]));
  const range = { low: shown("low"), high: shown("high"), suggested: shown("suggested") };
  return headlineOf(t("ui.verdict.search", range));
}

/** @param {Verdict} verdict @param {Recommendation} advice */
function rateToUse(verdict, advice) {
  const { lr, narrow_sweep: sweep } = advice;
  if (sweep && isSearch(verdict, advice))
    return headlineOf(t("ui.next.try", { lrs: list(sweep.lrs, figure), count: number(sweep.lrs.length) }));
  return lr === null ? null : headlineOf(t("ui.verdict.use", { lr: figure(lr) }));
}

/** @param {string} words */
const headlineOf = (words) => h("p", { class: "verdict-lr" }, words);

/** @param {Outlook} outlook @param {boolean} [isOpen] nothing is advised yet */
function facts(outlook, isOpen = false) {
  const { lr, lr_interval: ends, safe_range: safe, narrow_sweep: sweep } = outlook.recommendation;
  const isAdvised = !isOpen && (lr !== null || sweep !== null);
  /** @type {(Fact | null)[]} */
  const entries = [
    targetFact(outlook),
    ...(readsAsEngineer() ? [ends && intervalFact(ends), safe && safeFact(safe)] : []),
    sweep && isAdvised ? sweepFact(sweep) : null,
    isAdvised ? chanceFact(outlook.reliability) : null,
  ];
  const made = entries.flatMap((entry) => (entry ? [factOf(...entry)] : []));
  return h("dl", { class: "facts next-facts" }, made);
}

/** @param {string} name @param {string} value @param {string | null} [more] */
function factOf(name, value, more = null) {
  const hint = more ? h("dd", { class: "hint" }, more) : null;
  return h("div", {}, h("dt", {}, t(`ui.next.${name}`)), h("dd", { class: "number" }, value), hint);
}

/** @param {Outlook} outlook @returns {Fact} */
function targetFact({ extrapolation: { claim }, recommendation: { target } }) {
  return ["target", sizeText(target.width), claim === "extrapolated" ? t("ui.next.is_extrapolated") : null];
}

/** @param {Interval} interval @returns {Fact} */
function intervalFact({ low, high, level }) {
  const range = t("ui.number.range", { low: figure(low), high: figure(high) });
  return ["interval", range, t("ui.next.level", { percent: percent(level) })];
}

/** @param {NonNullable<Recommendation["safe_range"]>} safe @returns {Fact} */
function safeFact({ lr_high: high, lr_diverged: diverged, is_border_seen: isSeen }) {
  const border = isSeen ? t("ui.next.border.seen", { lr: figure(diverged ?? high) }) : t("ui.next.border.unseen");
  return ["safe", t("ui.number.up_to", { value: figure(high) }), border];
}

/** @param {NonNullable<Recommendation["narrow_sweep"]>} sweep @returns {Fact} */
function sweepFact({ lrs, num_runs, seconds }) {
  const takes = t("ui.next.sweep_takes", { runs: number(num_runs), time: seconds === null ? "–" : about(seconds) });
  return readsAsEngineer() ? ["sweep", list(lrs, figure), takes] : ["search_takes", takes];
}

/**
 * How often such a recommendation held in the calibration study.
 * @param {Outlook["reliability"]} reliability @returns {Fact | null}
 */
function chanceFact({ chance, interval }) {
  if (chance === null) return null;
  if (!interval) return ["chance", percent(chance)];
  const range = { low: percent(interval.low), high: percent(interval.high) };
  return ["chance", percent(chance), t("ui.next.chance_range", range)];
}

/** Reasons of the advice: for who decides only where none is given. @param {Recommendation} advice */
function reasons({ reasons: found, lr, narrow_sweep: sweep }) {
  const isShown = readsAsEngineer() || (lr === null && sweep === null);
  return found.length && isShown ? plainList(found.map(reasonText), "plain hint") : null;
}

/** @param {RolloutStep[]} gates */
function nextGate(gates) {
  const gate = gates.find((item) => item.state === "next") ?? gates.find((item) => item.state === "stopped");
  if (!gate) return null;
  const title = t(`ui.gate.${gate.state}`, { gate: t(`ui.gate.name.${gate.name}`) });
  const points = (/** @type {"checks" | "stop_when"} */ name) => {
    if (!gate[name].length) return null;
    return [h("p", { class: "hint" }, t(`ui.gate.${name}`)), plainList(gate[name].map(reasonText))];
  };
  const parts = [points("checks"), points("stop_when")];
  return h("details", { class: "fold-small", id: "gate" }, h("summary", {}, title), parts);
}
