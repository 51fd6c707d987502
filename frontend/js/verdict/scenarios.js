/** Scenarios side by side: what each answered, where, by how much, and which one decides. */

import { h } from "../base/dom.js";
import { figure, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { readsAsEngineer } from "../viewer/reading_level.js";
import { scenarioText } from "../words/scenario_text.js";
import { sizeText } from "../words/size_text.js";
import { headCells, numberCell } from "../base/tables.js";
import { estimateText } from "./numbers/estimate_text.js";
import { outcomeChip } from "./outcome_chip.js";

/** @import { OverallVerdict, ScenarioAnswer, Shape } from "../../types/answers.js" */
/** @typedef {Shape["task"]} Task */
/** @typedef {{task: Task, shown: string | undefined, onShow: (scenario: string) => void}} Shown */

/** Columns; the rate is for engineers. */
const heads = () => ["scenario", "answer", "size", ...(readsAsEngineer() ? ["lr"] : []), "regret"];

/**
 * @param {OverallVerdict | undefined} overall @param {Task} task
 * @param {string | undefined} shown the scenario whose verdict is shown @param {(scenario: string) => void} onShow
 * @returns {HTMLElement | null} nothing where there is one scenario only
 */
export function scenarios(overall, task, shown, onShow) {
  if (!overall || overall.scenarios.length < 2) return null;
  return h(
    "section",
    { class: "panel stack", id: "scenarios", "aria-labelledby": "scenarios-title" },
    h("h2", { id: "scenarios-title" }, t("ui.scenarios.title")),
    h("p", { class: "lead" }, overallText(overall, task)),
    table(overall, { task, shown, onShow }),
    h("p", { class: "hint" }, t("ui.scenarios.rule")),
  );
}

/** @param {OverallVerdict} overall @param {Shown} options */
function table(overall, options) {
  const cells = [headCells(heads().map((name) => t(`ui.scenarios.head.${name}`))), h("td", {})];
  const rows = overall.scenarios.map((item) => row(item, item.scenario === overall.scenario, options));
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "scenarios-title" },
    h("table", {}, h("thead", {}, h("tr", {}, cells)), h("tbody", {}, rows)),
  );
}

/** @param {ScenarioAnswer} item @param {boolean} decides @param {Shown} options */
function row(item, decides, { task, shown, onShow }) {
  const isShown = item.scenario === shown;
  const mark = decides ? h("span", { class: "chip" }, t("ui.scenarios.decides")) : null;
  return h(
    "tr",
    { "aria-current": isShown ? "true" : null },
    h("th", { scope: "row" }, scenarioText(item.scenario, task), mark),
    h("td", {}, outcomeChip(item.outcome)),
    numbers(item).map(numberCell),
    h("td", {}, isShown ? t("ui.scenarios.shown") : showButton(item.scenario, onShow)),
  );
}

/** @param {ScenarioAnswer} item */
function numbers(item) {
  const rate = readsAsEngineer() ? [figure(item.base_lr)] : [];
  return [sizeOf(item), ...rate, estimateText(item.transfer_regret, percent)];
}

/** @param {string} scenario @param {(scenario: string) => void} onShow */
function showButton(scenario, onShow) {
  const click = () => onShow(scenario);
  return h("button", { type: "button", class: "button", data: { scenario }, on: { click } }, t("ui.scenarios.show"));
}

/**
 * "Holds: as given. Breaks: 20% of the labels wrong (width 256)."
 * @param {OverallVerdict} overall @param {Task} task
 */
export function overallText(overall, task) {
  const open = having(overall, "inconclusive").map((item) => item.scenario);
  const openKey = overall.is_interim ? "ui.scenarios.pending" : "ui.scenarios.open";
  const parts = [
    holdsText(overall, task),
    ...["does_not_transfer", "fine_tune"].map((outcome) => breaksText(overall, outcome, task)),
    open.length ? t(openKey, { scenarios: names(open, task) }) : null,
  ];
  return parts.filter(Boolean).join(t("ui.scenarios.join"));
}

/** @param {OverallVerdict} overall @param {Task} task */
function holdsText({ holds_under: holds, scenarios: all }, task) {
  if (holds.length === all.length) return t("ui.scenarios.holds_everywhere");
  return holds.length ? t("ui.scenarios.holds", { scenarios: names(holds, task) }) : null;
}

/**
 * Where it breaks in one way, and from which size on.
 * @param {OverallVerdict} overall @param {string} outcome @param {Task} task
 */
function breaksText(overall, outcome, task) {
  const broken = having(overall, outcome);
  if (!broken.length) return null;
  const at = (/** @type {ScenarioAnswer} */ item) =>
    t("ui.scenarios.at", { scenario: scenarioText(item.scenario, task), size: sizeOf(item) });
  return t(`ui.scenarios.breaks.${outcome}`, { scenarios: broken.map(at).join(t("ui.scenarios.and")) });
}

/** @param {OverallVerdict} overall @param {string} outcome */
const having = (overall, outcome) => overall.scenarios.filter((item) => item.outcome === outcome);

/** @param {string[]} list @param {Task} task */
const names = (list, task) => list.map((scenario) => scenarioText(scenario, task)).join(t("ui.scenarios.and"));

/** @param {ScenarioAnswer} answer */
function sizeOf({ width, depth, axis }) {
  if (width === null) return "–";
  return sizeText(width, axis === "width" ? null : depth);
}
