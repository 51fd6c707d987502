/** The way to the finished example: an experiment to look at without waiting for one. */

import { post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { go } from "../base/router.js";
import { beginTour } from "./memory.js";

/** @import { Experiment } from "../../types/answers.js" */

/** @param {AbortSignal} signal */
export function finishedExample(signal) {
  const problem = h("div", {});
  const button = h("button", { type: "button", class: "button" }, t("ui.tour.open"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      /** @type {Experiment} */
      const experiment = await post("/examples/experiment", undefined, { signal });
      beginTour(experiment.id);
      go(`/experiments/${experiment.id}`);
    } catch (error) {
      if (!signal.aborted) fill(problem, errorNote(error));
    } finally {
      button.disabled = false;
    }
  });
  return h("div", { class: "tour-offer" }, h("p", { class: "hint" }, t("ui.tour.offer")), button, problem);
}
