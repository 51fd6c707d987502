/** What the figures show: the choices they share, kept in the address, and the LR the server chose if none is. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { figureControls, labelled } from "./figure_controls.js";
import { shownLrs } from "./shown_lrs.js";
import { forgetZooms } from "./zoom.js";

/** @import { Experiment, FigureMeta } from "../../types/answers.js" */
/** @import { ShownRuns } from "../../types/page.js" */
/** @import { Controls } from "./figure_controls.js" */

/**
 * @typedef {object} Choosing
 * @property {HTMLElement} element the choices that all figures share
 * @property {HTMLElement | null} step the step of the density, where there is that figure
 * @property {(name: string) => [string, string][]} wish what a figure is asked for with
 * @property {(meta: FigureMeta, name: string) => void} onMeta takes the LR that the server chose
 * @property {(scenario: string) => void} showScenario
 * @property {(run: string) => void} showRun draws a run in front of the others
 * @typedef {Choosing & ShownRuns} FigureChoices
 */

/** @param {Experiment} experiment @param {() => void} onChange @param {AbortSignal} signal @returns {FigureChoices} */
export function figureChoices(experiment, onChange, signal) {
  const controls = figureControls(experiment);
  const { first, more } = controlGroups(controls);
  const { scenario, step } = controls;
  const shownScenario = () => scenario?.value ?? experiment.conditions[0].scenario;
  const lrs = shownLrs(experiment, controls.lr, shownScenario);
  scenario?.addEventListener("change", lrs.onScenario, { signal });
  for (const select of [controls.scale, controls.xscale]) select.addEventListener("change", forgetZooms, { signal });
  const all = [...Object.values(first), ...Object.values(more), step];
  for (const control of all) control?.addEventListener("change", onChange, { signal });
  return {
    element: h(
      "div",
      { class: "controls", role: "group", "aria-label": t("ui.figure.controls") },
      labels(first),
      h(
        "details",
        { class: "more-choices" },
        h("summary", {}, t("ui.figure.more_choices")),
        h("div", { class: "controls" }, labels(more)),
      ),
    ),
    step: step && labelled("step", step),
    wish: (name) => wishOf(controls, name),
    onMeta: lrs.onMeta,
    lrs: lrs.current,
    scenario: shownScenario,
    showScenario: (wanted) => choose(scenario, wanted),
    showRun: (wanted) => choose(controls.run, controls.run.value === wanted ? "" : wanted),
    onLr: lrs.onLr,
  };
}

/** What one chooses often, and what else there is. @param {Controls} controls */
const controlGroups = ({
  scenario,
  arm,
  width,
  lr,
  loss,
  depth,
  seed,
  seeds,
  run,
  sharpness,
  scale,
  xscale,
  smooth,
}) => ({
  first: { scenario, lr, loss, arm: arm.element, width: width.element },
  more: { depth, seed: seed.element, seeds, run, sharpness, smooth, scale, xscale },
});

/** @param {Record<string, HTMLElement | null>} group */
const labels = (group) => Object.entries(group).map(([name, control]) => control && labelled(name, control));

/**
 * What a figure is asked for with.
 * @param {Controls} controls @param {string} name of the figure
 * @returns {[string, string][]}
 */
function wishOf(
  { scenario, arm, width, seed, seeds, run, lr, depth, loss, sharpness, scale, xscale, smooth, step },
  name,
) {
  /** @type {Record<string, string | undefined | false | null>} */
  const single = {
    loss: loss.value,
    y_scale: scale.value,
    x_scale: xscale.value,
    scenario: scenario?.value,
    lr_index: lr.value,
    depth: depth?.value,
    seeds: seeds.value,
    run: run.value,
    smooth: smooth.value,
    sharpness: name === "sharpness" && sharpness?.value,
    step: name === "density" && step?.value,
  };
  const several = { parametrization: arm.values(), width: width.values(), seed: seed.values() };
  return [
    ...Object.entries(single).flatMap(([key, value]) =>
      value ? [/** @type {[string, string]} */ ([key, value])] : [],
    ),
    ...Object.entries(several).flatMap(([key, values]) =>
      values.map((value) => /** @type {[string, string]} */ ([key, value])),
    ),
  ];
}

/** As if somebody had chosen it. @param {HTMLSelectElement | null} select @param {string} wanted */
function choose(select, wanted) {
  if (!select || select.value === wanted) return;
  select.value = wanted;
  select.dispatchEvent(new Event("change"));
}
