/** An open answer: what is most likely, what is safe in the meantime, and what would settle it. */

import { h } from "../base/dom.js";
import { about, figure, list, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { sizeText } from "../words/size_text.js";
import { settle } from "./settle.js";
import { isFounded, reusedRate } from "./verdict_lead.js";

/** @import { Experiment, Verdict } from "../../types/answers.js" */
/** @typedef {NonNullable<Verdict["open"]>} Open */

/**
 * Nothing where the answer is not open.
 * @param {Verdict} verdict @param {Experiment} experiment @param {(experiment: Experiment) => void} onReopened
 */
export function verdictOpen(verdict, experiment, onReopened) {
  const { open } = verdict;
  if (!open) return null;
  const hasEnded = !["queued", "running"].includes(experiment.state);
  const canSettle = open.can_settle && hasEnded && !experiment.is_judged_by_old_rules;
  return h(
    "div",
    { class: "verdict-open stack", id: "open" },
    isFounded(verdict) ? h("dl", { class: "open-facts" }, facts(verdict, open).map(fact)) : null,
    canSettle ? settle(experiment, onReopened) : null,
  );
}

/** @param {[string, string]} entry */
const fact = ([name, words]) => h("div", {}, h("dt", {}, name), h("dd", {}, words));

/** @param {Verdict} verdict @param {Open} open @returns {[string, string][]} */
function facts(verdict, open) {
  const known = open.likely ? t(`ui.outcome.short.${open.likely}`) : null;
  /** @type {[string, string | null][]} */
  const entries = [
    ["likely", known],
    ["safe", safeWay(verdict)],
    ["settles", whatSettles(verdict, open)],
  ];
  return entries.flatMap(([name, words]) => (words === null ? [] : [[t(`ui.open.${name}`), words]]));
}

/** The narrow search that was advised, else the usual one around the reused rate. @param {Verdict} verdict */
function safeWay(verdict) {
  const { outlook } = verdict;
  const lr = reusedRate(verdict);
  const sweep = outlook?.recommendation.narrow_sweep;
  if (!sweep) return lr === null ? null : t("ui.open.safe.range", { low: figure(lr / 2), high: figure(2 * lr) });
  const time = sweep.seconds === null ? "–" : about(sweep.seconds);
  return t("ui.open.safe.sweep", { lrs: list(sweep.lrs, figure), runs: number(sweep.num_runs), time });
}

/** Seeds, as far as they can; anything else is among what is missing. @param {Verdict} verdict @param {Open} open */
function whatSettles({ deciding, rule }, open) {
  if (rule === "unresolved" && !open.can_settle) return t("ui.open.settles.limit");
  if (!open.can_settle || !deciding) return t("ui.open.settles.missing");
  const size = sizeText(deciding.width, deciding.depth);
  if (open.more_seeds === null) return t("ui.open.settles.many", { size });
  return t("ui.open.settles.seeds", { size, count: number(open.more_seeds) });
}
