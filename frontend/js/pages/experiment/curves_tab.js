/** The curves of an experiment, what they show being chosen above them, and the constants the networks trained with. */

import { h } from "../../base/dom.js";
import { tensors } from "../../experiment/tensors.js";
import { figures } from "../../figures/figures.js";

/** @import { News } from "./keep_current.js" */
/** @import { Shared } from "./view.js" */

export class CurvesTab {
  /** @param {Shared} shared */
  constructor({ store, signal }) {
    this.curves = figures(store.experiment, signal);
    this.constants = tensors(store, this.curves.choices, signal);
    this.element = h("div", { class: "tab-parts" }, this.curves.element, this.curves.more, this.constants.element);
    if (store.shown) this.onScenario(store.shown);
  }

  /** @param {News} news */
  draw(news) {
    if (news === "data" || news === "state") this.curves.refresh();
    if (news === "state") this.constants.refresh();
  }

  /** @param {string} scenario */
  onScenario(scenario) {
    this.curves.choices.showScenario(scenario);
  }
}
