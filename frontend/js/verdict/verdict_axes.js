/** Where sizes grow in width and in depth: the answer on each axis, and which of them limits the claim. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { outcomeChip } from "./outcome_chip.js";

/** @import { ArmVerdict, AxisVerdict } from "../../types/answers.js" */

const IS_GOOD = new Set(["transfers", "sharpness_drifts"]);

/** Nothing where there is one axis only. @param {ArmVerdict} arm @returns {HTMLElement | null} */
export function verdictAxes({ axes, limiting_axis: limiting, outcome }) {
  if (axes.length < 2) return null;
  const isLimited = limiting && !IS_GOOD.has(outcome);
  const limit = isLimited ? h("p", { class: "hint" }, t("ui.axis.limits", { axis: t(`ui.axis.${limiting}`) })) : null;
  return h(
    "div",
    { class: "verdict-axes", id: "axes" },
    h("h3", {}, t("ui.axis.title")),
    h("ul", { class: "plain axes" }, axes.map(item)),
    limit,
  );
}

/** @param {AxisVerdict} answer */
const item = ({ axis, outcome }) =>
  h("li", { class: "axis" }, h("span", {}, t(`ui.axis.${axis}`)), outcomeChip(outcome));
