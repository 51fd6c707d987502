/** The figures of an experiment: the ones everyone sees, and in a fold those of what else was measured. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { figure } from "./figure.js";
import { figureChoices } from "./figure_choices.js";
import { preparePlotly } from "./plotly.js";

/** @import { Experiment, FigureMeta } from "../../types/answers.js" */
/** @import { Choosable } from "../../types/page.js" */

/** @type {Experiment["figures"]} */
const MAIN = [
  "lr_loss",
  "optimum_size",
  "loss",
  "loss_compute",
  "sharpness",
  "sharpness_spread",
  "run_grid",
  "scenario_costs",
];
/** Figures of the answer tab. @type {Experiment["figures"]} */
const OF_THE_ANSWER = ["cost_size", "predicted_seconds"];
/** Figures that take a row each. @type {Experiment["figures"]} */
const WIDE = ["lr_loss", "run_grid", "scenario_costs", "loss_compute"];

/** @param {Experiment} experiment @param {AbortSignal} signal */
export function figures(experiment, signal) {
  preparePlotly(); // while the page reads what else it needs
  /** @type {Map<string, Choosable>} */
  const made = new Map();
  const refresh = () => made.forEach((item) => item.refresh());
  const choices = figureChoices(experiment, () => made.forEach((item) => item.choose()), signal);
  const shown = experiment.figures.filter((name) => !OF_THE_ANSWER.includes(name));
  for (const name of shown) {
    const subject = { experimentId: experiment.id, title: experiment.name, name };
    const onMeta = (/** @type {FigureMeta} */ meta) => choices.onMeta(meta, name);
    made.set(
      name,
      figure(subject, () => choices.wish(name), onMeta, choices.showRun, signal),
    );
  }
  const elements = (/** @type {string[]} */ names) => names.flatMap((name) => made.get(name)?.element ?? []);
  const others = elements(MAIN.filter((name) => !WIDE.includes(name)));
  const element = h(
    "section",
    { class: "figures" },
    h("div", { class: "section-head" }, h("h2", {}, t("ui.figure.title")), choices.element),
    elements(WIDE),
    h("p", { class: "hint" }, t("ui.figure.diverged")),
    h("div", { class: side(experiment) }, others),
  );
  const rest = shown.filter((name) => !MAIN.includes(name));
  return { element, more: fold(elements(rest), choices.step, experiment), refresh, choices };
}

/**
 * Two figures stand side by side unless their columns would be too narrow for their headings.
 * @param {Experiment} experiment
 */
const side = ({ spec }) => (spec.arms.length > 2 ? "figure-stack" : "figure-pair");

/**
 * What engineers look at; open at once for who asked for more than what is always measured.
 * @param {HTMLElement[]} elements @param {HTMLElement | null} step @param {Experiment} experiment
 */
function fold(elements, step, experiment) {
  const isOpen = experiment.spec.measures.some((name) => name !== "coordinate_check");
  return h(
    "details",
    { class: "fold figures", id: "curvature", open: isOpen },
    h("summary", {}, t("ui.figure.more", { count: elements.length })),
    step && h("div", { class: "controls" }, step),
    h("div", { class: side(experiment) }, elements),
    isOpen ? null : h("p", { class: "hint" }, t("ui.figure.more_hint")),
  );
}
