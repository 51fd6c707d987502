/** The one figure that shows the answer: the loss that decides over the learning rate, of the arm that is judged. */

import { figure } from "./figure.js";
import { decidingLoss, referenceArm } from "./figure_controls.js";
import { preparePlotly } from "./plotly.js";

/** @import { Experiment } from "../../types/answers.js" */

/** @param {Experiment} experiment @param {() => string} scenario whose answer it is @param {AbortSignal} signal */
export function answerFigure({ id, name, spec, conditions }, scenario, signal) {
  preparePlotly(); // while the page reads what else it needs
  const wish = () => {
    /** @type {[string, string][]} */
    const pairs = [
      ["loss", decidingLoss(spec)],
      ["parametrization", referenceArm(spec).parametrization],
    ];
    if (conditions.length > 1 && scenario()) pairs.push(["scenario", scenario()]);
    return pairs;
  };
  const nothing = () => {};
  return figure({ experimentId: id, title: name, name: "lr_loss" }, wish, nothing, nothing, signal);
}
