/** The curves of all experiments in one figure each: loss over the learning rate and over steps, and sharpness. */

import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { figure } from "../../figures/figure.js";

const FIGURES = ["lr_loss", "loss", "sharpness"];

/** @param {string} ids as in the address @param {AbortSignal} signal */
export function curvesCompared(ids, signal) {
  const nothing = () => {};
  const made = FIGURES.map((name) => {
    const subject = { title: t("ui.compare.title"), name: `compare-${name}`, path: `/compare/figures/${name}` };
    return figure({ ...subject, hasTable: true }, () => [["ids", ids]], nothing, nothing, signal).element;
  });
  return h("section", { class: "figures", id: "compare-curves" }, h("h2", {}, t("ui.figure.title")), made);
}
