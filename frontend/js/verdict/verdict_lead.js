/** The answer in words: its title, what a larger model brings, and whether the scaling method is the reason. */

import { h } from "../base/dom.js";
import { has, t } from "../base/i18n.js";
import { finePercent } from "../base/format.js";

/** @import { Verdict } from "../../types/answers.js" */

const IS_REUSABLE = new Set(["transfers", "sharpness_drifts"]);
/** Under these rules no best learning rate is known, so what reuse costs is not either, whatever was computed. */
const IS_UNFOUNDED = new Set([
  "nothing_learned",
  "base_at_edge",
  "target_at_edge",
  "reused_not_run",
  "train_interpolates",
  "coordinate_check",
]);

/** Whether the numbers mean something. @param {Verdict} verdict */
export const isFounded = ({ rule, arm }) => arm.base_lr !== null && !IS_UNFOUNDED.has(rule);

/**
 * Words of the outcome, or of the rule where that has words of its own. A cost that further seeds would hardly
 * settle is at its limit.
 * @param {Pick<Verdict, "outcome" | "rule" | "open">} verdict @param {"title" | "manager" | "next"} part
 */
export function headline({ outcome, rule, open }, part) {
  const isAtLimit = rule === "unresolved" && open && !open.can_settle;
  const own = `headline.${isAtLimit ? "at_limit" : rule}.${part}`;
  return t(has(own) ? own : `outcome.${outcome}.${part}`);
}

/** One question a paragraph. @param {Verdict} verdict */
export function lead(verdict) {
  const said = [["answer", headline(verdict, "manager")]];
  if (isFounded(verdict))
    said.push(["benefit", benefit(verdict)], ["control", control(verdict)], ["beyond", beyond(verdict)]);
  return said.map(([about, words]) => words && h("p", { class: "lead", data: { about } }, words));
}

/** @param {Verdict} verdict */
function benefit({ benefit: state, outcome }) {
  if (state === null) return "";
  return t(`ui.benefit.${state === "none" && IS_REUSABLE.has(outcome) ? "none_safe" : state}`);
}

/** A statement of its own, and an estimate: what is expected beyond the sizes measured. @param {Verdict} verdict */
function beyond({ beyond: found, deciding, outcome }) {
  if (!found || !deciding || outcome !== "transfers") return "";
  const most = found.cost.interval?.high ?? found.cost.value ?? 0;
  return t(`ui.beyond.${found.holds ? "holds" : "unsure"}`, {
    most: finePercent(most),
    limit: finePercent(deciding.limit),
  });
}

/** Only a control whose cost is shown to be larger says that the method matters. @param {Verdict} verdict */
function control({ control: arm, control_state: state, can_discriminate: can, outcome }) {
  if (!arm) return t("ui.control.none");
  // Earlier rules compared outcomes only: a control that was no worse is all they could show.
  const found = state ?? (can === false ? "same" : "unsure");
  const isAlone = found === "same" && !IS_REUSABLE.has(outcome);
  const said = t(`ui.control.${isAlone ? "same_alone" : found}`, { arm: t(`figure.arm.${arm.parametrization}`) });
  const isOpen = found === "unsure" && arm.outcome === "inconclusive" && has(`rule.${arm.rule}`);
  return isOpen ? t("ui.control.because", { said, why: t(`rule.${arm.rule}`) }) : said;
}

/** The learning rate whose reuse is judged: the tuned one, after a step up by its rules. @param {Verdict} verdict */
export const reusedRate = ({ carried, arm }) => carried?.lr ?? arm.base_lr;
