/** The answers side by side: one row a number, one column an experiment. */

import { h } from "../../base/dom.js";
import { duration, figure, list } from "../../base/format.js";
import { sayOf, t } from "../../base/i18n.js";
import { hrefOf } from "../../base/router.js";
import { stateChip } from "../../experiment/state_chip.js";
import { cliffNumber } from "../../verdict/numbers/cliff_number.js";
import { costShown } from "../../verdict/numbers/cost_number.js";
import { mark } from "../../verdict/numbers/number_card.js";
import { outcomeChip } from "../../verdict/outcome_chip.js";
import { headline } from "../../verdict/verdict_lead.js";
import { dataTitle } from "../../words/data_title.js";
import { scenarioText } from "../../words/scenario_text.js";
import { isOfRanks, sizeText } from "../../words/size_text.js";
import { letterOf } from "./letters.js";

/** @import { Compared } from "../../../types/answers.js" */
/** @import { Child } from "../../../types/page.js" */
/** @import { Shown } from "../../verdict/numbers/number_card.js" */

/** Rows by their names. @type {Record<string, (each: Compared) => Child>} */
const ROWS = {
  answer: ({ answer }) => (answer.is_interim ? early(answer) : [outcomeChip(answer.outcome), sentence(answer)]),
  cost: ({ answer: { deciding } }) => (deciding ? number(costShown(deciding)) : t("ui.number.none")),
  cliff: ({ answer }) => number(cliffNumber(answer, answer.deciding, answer)),
  at: ({ answer: { deciding } }) => (deciding ? sizeText(deciding.width, deciding.depth) : "–"),
  rate: ({ answer }) => rate(answer),
  spent: ({ spent_seconds: seconds }) => duration(seconds),
  scenario: ({ answer, task }) => scenarioText(answer.scenario, task),
  data: ({ dataset }) => dataTitle(dataset),
  state: ({ state, answer }) => [stateChip(state), answer.is_provisional ? chip("provisional") : null],
};

/** Rows that are called as on the card. @type {Record<string, string>} */
const TITLES = { cost: "ui.number.cost.title", cliff: "ui.number.cliff.title", spent: "ui.spending.spent" };

/** @param {Compared[]} experiments */
export function answersTable(experiments) {
  const title = t("ui.compare.answers");
  const heads = experiments.map((each, at) => h("th", { scope: "col" }, nameOf(each, at)));
  const rows = Object.entries(ROWS).map(([name, cell]) =>
    h(
      "tr",
      { data: { row: name } },
      h("th", { scope: "row" }, t(TITLES[name] ?? `ui.compare.row.${name}`)),
      experiments.map((each) =>
        h(
          "td",
          {},
          sayOf(isOfRanks(each.spec), () => cell(each)),
        ),
      ),
    ),
  );
  const corner = h("td", {});
  return h(
    "section",
    { class: "panel stack", id: "compare-answers" },
    h("h2", {}, title),
    h(
      "div",
      { class: "scroll compare-scroll", tabindex: 0, role: "region", "aria-label": title },
      h("table", { class: "compare-table" }, h("thead", {}, h("tr", {}, corner, heads)), h("tbody", {}, rows)),
    ),
  );
}

/** @param {Compared} experiment @param {number} at */
const nameOf = ({ id, name }, at) => [
  h("span", { class: "compare-letter" }, letterOf(at)),
  " ",
  h("a", { class: "wrap", href: hrefOf(`/experiments/${id}`), data: { page: "" } }, name),
];

/** @param {Compared["answer"]} answer */
const sentence = (answer) => h("p", {}, headline(answer, "title"));

/** While it trains: what it will probably be, said to be so. @param {Compared["answer"]} answer */
function early({ early: found }) {
  const words = found
    ? t("ui.early.so_far", { outcome: t(`ui.outcome.short.${found.outcome}`) })
    : t("ui.verdict.waiting");
  return [chip("interim"), h("p", {}, words)];
}

/** @param {"interim" | "provisional"} name */
const chip = (name) => h("span", { class: "chip", data: { mark: name } }, t(`ui.verdict.mark.${name}`));

/** @param {Shown} shown */
function number({ value, interval, limit, within }) {
  const facts = [interval, limit && t("ui.number.limit", { limit })].filter(Boolean);
  return [
    h("strong", { class: "number" }, value ?? t("ui.number.none")),
    within ? [" ", mark(within)] : null,
    facts.map((fact) => h("p", { class: "hint" }, fact)),
  ];
}

/** @param {Compared["answer"]} answer */
function rate({ lr, search_lrs: search }) {
  if (search.length) return t("ui.next.try", { lrs: list([...search], figure) });
  return lr === null ? t("ui.compare.no_rate") : h("strong", { class: "number" }, `η = ${figure(lr)}`);
}
