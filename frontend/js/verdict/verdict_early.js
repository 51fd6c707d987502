/** While runs are open: what the answer will probably be, how sure that is, and what could still change it. */

import { h, icon } from "../base/dom.js";
import { number, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { ICONS } from "../base/icons.js";
import { plainList } from "../base/tables.js";
import { reasonText } from "./reason_text.js";

/** @import { Reason, Verdict } from "../../types/answers.js" */
/** @typedef {NonNullable<Verdict["early"]>} Early */

/** @param {Verdict} verdict @returns {HTMLElement | null} */
export function verdictEarly({ is_interim: isInterim, early }) {
  if (!isInterim || !early) return null;
  const { outcome, confidence, would_change: changes } = early;
  const meter = h("meter", { min: 0, max: 1, value: confidence, "aria-label": t("ui.early.confidence_label") });
  const answer = t("ui.early.so_far", { outcome: t(`ui.outcome.short.${outcome}`) });
  const sure = t("ui.early.confidence", { percent: percent(confidence) });
  return h(
    "div",
    { class: "verdict-early", data: { outcome }, id: "early" },
    h("p", { class: "early-answer" }, icon(ICONS[outcome]), h("strong", {}, answer)),
    h("p", { class: "early-confidence" }, meter, h("span", {}, sure)),
    h("p", { class: "hint" }, restsOn(early)),
    changes.length ? wouldChange(changes) : null,
  );
}

/** @param {Early} early */
const restsOn = ({ at_step, num_steps, sizes, num_sizes }) =>
  t("ui.early.rests_on", {
    step: number(at_step),
    steps: number(num_steps),
    sizes: number(sizes.length),
    all: number(num_sizes),
  });

/** @param {Reason[]} changes */
const wouldChange = (changes) =>
  h(
    "details",
    { class: "fold-small", id: "early-change" },
    h("summary", {}, t("ui.early.would_change")),
    plainList(changes.map(reasonText)),
  );
