/** The answer: one sentence, one colour and icon, three numbers, what to do, and what is not claimed. */

import { h, icon } from "../dom.js";
import { figure, list, number } from "../format.js";
import { ICONS } from "../icons.js";
import { t } from "../i18n.js";
import { reasonText } from "../reason_text.js";
import { decidingSize, verdictNumbers } from "./verdict_numbers.js";
import { verdictWhy } from "./verdict_why.js";

/** @param {any} verdict null while there is none @param {string} [scenario] its name, where there are several @returns {HTMLElement | null} */
export function verdictCard(verdict, scenario) {
  if (!verdict) return null;
  const { outcome } = verdict;
  const isWaiting = verdict.is_interim && outcome === "inconclusive";
  if (isWaiting) return h("section", { class: "panel verdict-wait" }, h("h2", {}, t("ui.verdict.waiting")), h("p", { class: "hint" }, t("ui.verdict.waiting_why")));
  const marks = [
    verdict.is_interim ? "interim" : null,
    verdict.is_provisional ? "provisional" : null,
  ].filter(Boolean);
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
        h("p", { class: "kicker" }, scenario ? t("ui.scenarios.answer_of", { scenario }) : t("ui.verdict.kicker"), marks.map((mark) => h("span", { class: "chip", title: t(`ui.verdict.mark.${mark}_why`) }, t(`ui.verdict.mark.${mark}`)))),
        h("h2", { id: "verdict-sentence" }, t(`outcome.${outcome}.title`)),
        h("p", { class: "lead" }, t(`outcome.${outcome}.manager`)),
      ),
    ),
    h("div", { class: "verdict-next" }, h("h3", {}, t("ui.verdict.next")), next(verdict)),
    outcome === "inconclusive" ? missing(verdict) : null,
    verdict.arm.sizes.length ? [h("h3", {}, t("ui.verdict.evidence", { width: decidingSize(verdict).size.width, base: verdict.base_width })), verdictNumbers(verdict)] : null,
    limits(verdict),
    verdictWhy(verdict),
  );
}

function next({ outcome, arm, is_interim: isInterim }) {
  if (isInterim) return h("p", {}, t("ui.verdict.next_interim"));
  const { base_lr: lr } = arm;
  const search = arm.reasons.find((reason) => reason.code === "narrow_search")?.params;
  const range = search ? t("ui.verdict.search", { low: figure(search.low), high: figure(search.high), suggested: figure(search.suggested) }) : null;
  const use = ["transfers", "sharpness_drifts"].includes(outcome) && lr ? t("ui.verdict.use", { lr: figure(lr) }) : null;
  return [use || range ? h("p", { class: "verdict-lr" }, use ?? range) : null, h("p", {}, t(`outcome.${outcome}.next`))];
}

function missing(verdict) {
  if (!verdict.reasons.length) return null;
  return h("div", { class: "verdict-missing" }, h("h3", {}, t("ui.verdict.missing")), h("ul", { class: "plain" }, verdict.reasons.map((reason) => h("li", {}, reasonText(reason)))));
}

function limits(verdict) {
  const { ranges } = verdict;
  const measured = t("ui.verdict.measured", {
    widths: list(ranges.widths),
    depths: list(ranges.depths),
    steps: number(ranges.num_steps),
    batch: number(ranges.batch_size),
    seeds: number(ranges.num_seeds),
    low: figure(ranges.lr_low),
    high: figure(ranges.lr_high),
  });
  return h(
    "div",
    { class: "verdict-limits" },
    h("div", {}, h("h3", {}, t("ui.verdict.control")), h("p", {}, control(verdict))),
    h("div", {}, h("h3", {}, t("ui.verdict.ranges")), h("p", {}, measured), h("p", { class: "hint" }, t("ui.verdict.pilot"))),
    h("div", {}, h("h3", {}, t("ui.verdict.not_claimed")), h("ul", { class: "plain" }, ranges.not_claimed.map((reason) => h("li", {}, reasonText(reason))))),
  );
}

function control({ control: arm, can_discriminate: can }) {
  if (!arm) return t("ui.verdict.control.none");
  const params = { arm: t(`figure.arm.${arm.parametrization}`), outcome: t(`ui.outcome.short.${arm.outcome}`) };
  return t(`ui.verdict.control.${can === null ? "unknown" : can ? "differs" : "same"}`, params);
}
