/** Where sizes grow in width and in depth: the answer on each axis, and which of them limits the claim. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { outcomeChip } from "./outcome_chip.js";

const IS_GOOD = new Set(["transfers", "sharpness_drifts"]);

/** Nothing where there is one axis only. @param {any} arm @returns {HTMLElement | null} */
export function verdictAxes({ axes, limiting_axis: limiting, outcome }) {
  if (axes.length < 2) return null;
  const item = (axis) =>
    h("li", { class: "axis" }, h("span", {}, t(`ui.axis.${axis.axis}`)), outcomeChip(axis.outcome));
  const limit =
    limiting && !IS_GOOD.has(outcome)
      ? h("p", { class: "hint" }, t("ui.axis.limits", { axis: t(`ui.axis.${limiting}`) }))
      : null;
  return h(
    "div",
    { class: "verdict-axes", id: "axes" },
    h("h3", {}, t("ui.axis.title")),
    h("ul", { class: "plain axes" }, axes.map(item)),
    limit,
  );
}
