/** What the figures show: the choices they share, kept in the address, and the LR the server chose if none is. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { figureControls, labelled } from "./figure_controls.js";
import { shownLrs } from "./shown_lrs.js";

/** @import { Experiment, FigureMeta } from "../../types/answers.js" */
/** @import { ShownRuns } from "../../types/page.js" */
/** @import { Controls } from "./figure_controls.js" */

/**
 * @typedef {object} Choosing
 * @property {HTMLElement} element the choices that all figures share
 * @property {HTMLElement | null} step the step of the density, where there is that figure
 * @property {(name: string) => Record<string, string>} wish what a figure is asked for with
 * @property {(meta: FigureMeta) => void} onMeta takes the LR that the server chose
 * @property {(scenario: string) => void} showScenario
 * @typedef {Choosing & ShownRuns} FigureChoices
 */

/** @param {Experiment} experiment @param {() => void} onChange @param {AbortSignal} signal @returns {FigureChoices} */
export function figureChoices(experiment, onChange, signal) {
  const controls = figureControls(experiment);
  const { scenario, step, ...others } = controls;
  const shownScenario = () => scenario?.value ?? experiment.conditions[0].scenario;
  const lrs = shownLrs(experiment, controls.lr, shownScenario);
  scenario?.addEventListener("change", lrs.onScenario, { signal });
  for (const control of Object.values(controls)) control?.addEventListener("change", onChange, { signal });
  const shared = Object.entries({ scenario, ...others });
  return {
    element: h(
      "div",
      { class: "controls", role: "group", "aria-label": t("ui.figure.controls") },
      shared.map(([name, control]) => control && labelled(name, control)),
    ),
    step: step && labelled("step", step),
    wish: (name) => wishOf(controls, name),
    onMeta: lrs.onMeta,
    lrs: lrs.current,
    scenario: shownScenario,
    showScenario: (wanted) => choose(scenario, wanted),
    onLr: lrs.onLr,
  };
}

/** What a figure is asked for with. @param {Controls} controls @param {string} name of the figure */
function wishOf({ scenario, arm, lr, depth, loss, sharpness, scale, step }, name) {
  return {
    loss: loss.value,
    y_scale: scale.value,
    ...(scenario ? { scenario: scenario.value } : {}),
    ...(lr.value ? { lr_index: lr.value } : {}),
    ...(arm.value === "all" ? {} : { parametrization: arm.value }),
    ...(depth ? { depth: depth.value } : {}),
    ...(name === "sharpness" && sharpness ? { sharpness: sharpness.value } : {}),
    ...(name === "density" && step?.value ? { step: step.value } : {}),
  };
}

/** As if somebody had chosen it. @param {HTMLSelectElement | null} select @param {string} wanted */
function choose(select, wanted) {
  if (!select || select.value === wanted) return;
  select.value = wanted;
  select.dispatchEvent(new Event("change"));
}
