/** The answer: one sentence, one colour and icon, three numbers, what to do, and how far it reaches. */

import { h, icon } from "../base/dom.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";
import { sizeText } from "../base/size_text.js";
import { reasonText } from "./reason_text.js";
import { judgeAgain } from "./judge_again.js";
import { verdictAxes } from "./verdict_axes.js";
import { verdictEarly } from "./verdict_early.js";
import { verdictLimits } from "./verdict_limits.js";
import { verdictNext } from "./verdict_next.js";
import { decidingSize, verdictNumbers } from "./verdict_numbers.js";
import { verdictWhy } from "./verdict_why.js";

/**
 * @param {any} verdict null while there is none @param {any} experiment what it is of
 * @param {string} [scenario] its name, where there are several
 * @param {() => void} [onJudged] after it was judged again @returns {HTMLElement | null}
 */
export function verdictCard(verdict, experiment, scenario, onJudged = () => {}) {
  if (!verdict) return null;
  const { outcome } = verdict;
  if (verdict.is_interim && outcome === "inconclusive") return waiting(verdict);
  const deciding = decidingSize(verdict);
  return h(
    "section",
    { class: "verdict", data: { outcome }, "aria-labelledby": "verdict-sentence", id: "verdict" },
    h(
      "div",
      { class: "verdict-top" },
      h("span", { class: "verdict-icon" }, icon(ICONS[outcome])),
      h(
        "div",
        {},
        h(
          "p",
          { class: "kicker" },
          scenario ? t("ui.scenarios.answer_of", { scenario }) : t("ui.verdict.kicker"),
          marks(verdict, experiment),
        ),
        h("h2", { id: "verdict-sentence" }, t(`outcome.${outcome}.title`)),
        h("p", { class: "lead" }, t(`outcome.${outcome}.manager`)),
      ),
    ),
    experiment.is_judged_by_old_rules ? judgeAgain(experiment, onJudged) : null,
    verdictEarly(verdict),
    h("div", { class: "verdict-next" }, h("h3", {}, t("ui.verdict.next")), verdictNext(verdict)),
    outcome === "inconclusive" ? missing(verdict) : null,
    verdictAxes(verdict.arm),
    deciding.size
      ? [
          h("h3", {}, t("ui.verdict.evidence", sizesCompared(deciding.size, verdict, experiment))),
          verdictNumbers(verdict),
        ]
      : null,
    verdictLimits(verdict),
    verdictWhy(verdict, experiment),
  );
}

/** No answer yet; but perhaps what it will probably be. */
function waiting(verdict) {
  const early = verdictEarly(verdict);
  return h(
    "section",
    { class: "panel verdict-wait", id: "verdict-wait" },
    h("h2", {}, t("ui.verdict.waiting")),
    early ?? h("p", { class: "hint" }, t("ui.verdict.waiting_why")),
  );
}

function marks(verdict, experiment) {
  const names = [
    verdict.is_interim ? "interim" : null,
    verdict.is_provisional ? "provisional" : null,
    experiment.is_judged_by_old_rules ? "old_rules" : null,
    isMoved(verdict) ? "moved" : null,
  ];
  return names
    .filter(Boolean)
    .map((name) =>
      h(
        "span",
        {
          class: "chip",
          data: { mark: name },
          title: t(`ui.verdict.mark.${name}_why`, { version: verdict.rule_version }),
        },
        t(`ui.verdict.mark.${name}`),
      ),
    );
}

const isMoved = (verdict) => verdict.reasons.some((reason) => reason.code === "thresholds_not_fixed");

/** Both sizes in words: only the width, unless they differ in depth. */
function sizesCompared(size, { base_width: width }, { spec }) {
  const depth = spec.depths.includes(spec.base_depth) ? spec.base_depth : Math.min(...spec.depths);
  const isDeeper = size.depth !== depth;
  return { size: sizeText(size.width, isDeeper ? size.depth : null), base: sizeText(width, isDeeper ? depth : null) };
}

function missing(verdict) {
  if (!verdict.reasons.length) return null;
  return h(
    "div",
    { class: "verdict-missing" },
    h("h3", {}, t("ui.verdict.missing")),
    h(
      "ul",
      { class: "plain" },
      verdict.reasons.map((reason) => h("li", {}, reasonText(reason))),
    ),
  );
}
