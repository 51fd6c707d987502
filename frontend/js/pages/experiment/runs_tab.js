/** Every run of an experiment. */

import { h } from "../../base/dom.js";
import { runTable } from "../../runs/run_table.js";

/** @import { News } from "./keep_current.js" */
/** @import { Shared } from "./view.js" */

export class RunsTab {
  /** @param {Shared} shared */
  constructor({ store, signal }) {
    this.table = runTable(store.experiment, signal);
    this.element = h("div", { class: "tab-parts" }, this.table.element);
  }

  /** @param {News} news */
  draw(news) {
    if (news === "state") this.table.refresh();
  }
}
