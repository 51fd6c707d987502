/** The report for the meeting: its language, and where it is opened or downloaded. */

import { report } from "../../experiment/report.js";

/** @import { News } from "./keep_current.js" */
/** @import { Shared } from "./view.js" */

export class ReportTab {
  /** @param {Shared} shared */
  constructor({ store, saved }) {
    this.report = report(store, saved.query);
    this.element = this.report.element;
  }

  /** @param {News} news */
  draw(news) {
    if (news === "state") this.report.refresh();
  }
}
