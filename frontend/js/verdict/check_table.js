/** M7, the coordinate check: how every part of the network scales with width, and how it should. */

import { h } from "../base/dom.js";
import { figure, octaves } from "../base/format.js";
import { t } from "../base/i18n.js";
import { headCells, numberCell, scrollTable } from "../base/tables.js";
import { estimateText } from "./numbers/estimate_text.js";

/** @import { CoordinateCheck, PartSlope } from "../../types/answers.js" */

const HEADS = ["part", "updates", "slope", "expected", "state"];

/** @param {CoordinateCheck} check */
export function checkTable({ depth, lr, state, slopes }) {
  const title = t("ui.why.check", { depth, lr: figure(lr), state: t(`ui.why.check.${state}`) });
  const heads = headCells(HEADS.map((name) => t(`ui.why.check.head.${name}`)));
  return [h("p", { class: "hint" }, title), slopes.length ? scrollTable(title, heads, slopes.map(row)) : null];
}

/** @param {PartSlope} slope */
function row(slope) {
  const name = t(`coordinate.part.${slope.part}.${slope.num_updates ? "change" : "start"}`);
  const texts = [String(slope.num_updates), estimateText(slope.slope, octaves), expected(slope)];
  const state = slope.state ? t(`ui.why.check.${slope.state}`) : "–";
  return h("tr", {}, h("th", { scope: "row" }, name), texts.map(numberCell), h("td", {}, state));
}

/** @param {PartSlope} slope */
function expected({ expected_low: low, expected_high: high }) {
  if (low === null) return "–";
  if (high === null) return `≥ ${figure(low)}`;
  return low === high ? figure(low) : t("ui.number.range", { low: figure(low), high: figure(high) });
}
