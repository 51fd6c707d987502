/** The figures that show the answer: the loss that decides over the learning rate, and the cost over the sizes. */

import { h } from "../base/dom.js";
import { figure } from "./figure.js";
import { decidingLoss, referenceArm } from "./figure_controls.js";
import { preparePlotly } from "./plotly.js";

/** @import { Experiment } from "../../types/answers.js" */
/** @import { Choosable } from "../../types/page.js" */

/** How long it took against what was predicted. @param {Experiment} experiment @param {AbortSignal} signal */
export function timeFigure({ id, name: title }, signal) {
  const nothing = () => {};
  return figure({ experimentId: id, title, name: "predicted_seconds" }, () => [], nothing, nothing, signal);
}

/**
 * The figures as one part of the page.
 * @param {Experiment} experiment @param {() => string} scenario whose answer it is @param {AbortSignal} signal
 * @returns {Choosable}
 */
export function answerFigures({ id, name: title, spec, conditions }, scenario, signal) {
  preparePlotly(); // while the page reads what else it needs
  /** @returns {[string, string][]} */
  const ofScenario = () => (conditions.length > 1 && scenario() ? [["scenario", scenario()]] : []);
  /** @type {[string, string][]} */
  const ofArm = [
    ["loss", decidingLoss(spec)],
    ["parametrization", referenceArm(spec).parametrization],
  ];
  const nothing = () => {};
  const draw = (/** @type {string} */ name, /** @type {() => [string, string][]} */ wish) =>
    figure({ experimentId: id, title, name }, wish, nothing, nothing, signal);
  const parts = [draw("lr_loss", () => [...ofArm, ...ofScenario()]), draw("cost_size", ofScenario)];
  const elements = parts.map(({ element }) => element);
  return {
    element: h("div", { class: "tab-parts" }, elements),
    refresh: () => parts.forEach((part) => part.refresh()),
    choose: () => parts.forEach((part) => part.choose()),
  };
}
