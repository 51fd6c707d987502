/** Words of a sweep: axes, levels, reasons, and the question that stands before an answer. */

import { figure } from "../../base/format.js";
import { has, t } from "../../base/i18n.js";
import { note } from "../../base/note.js";

/** @import { Sweep, SweepReason } from "../../../types/answers.js" */

/** Sizes that people write with a letter. @type {[number, string][]} */
const UNITS = [
  [1e9, "B"],
  [1e6, "M"],
];

/** An axis; a condition is called as its column is. @param {string} axis */
export const axisName = (axis) => (has(`sweep.axis.${axis}`) ? t(`sweep.axis.${axis}`) : axis);

/** A level as people write it: 1.3B in place of 1300000000. @param {number | string} level */
export function levelText(level) {
  if (typeof level === "string") return level || "–";
  const unit = UNITS.find(([scale]) => level >= scale);
  return unit ? `${Number((level / unit[0]).toPrecision(3))}${unit[1]}` : String(Number(level.toPrecision(6)));
}

/** The name of an arm; empty for the only one. @param {Record<string, string>} arm */
export const armName = (arm) => Object.values(arm).join(" / ");

/** Columns with their levels. @param {Record<string, number | string>} levels */
export const levelsText = (levels) =>
  Object.entries(levels)
    .map(([name, level]) => `${axisName(name)} ${levelText(level)}`)
    .join(t("sweep.text.comma"));

/** A reason as a sentence. @param {SweepReason} reason */
export function reasonText({ code, params }) {
  const shown = typeof params.axis === "string" ? { ...params, axis: axisName(params.axis) } : params;
  return t(`sweep.note.${code}`, shown);
}

/** A number that may be unknown. @param {number | null | undefined} value */
export const known = (value) => (value === null || value === undefined ? "–" : figure(value));

/** What must be said before there can be an answer. @param {Sweep["reading"]["question"]} asked */
export function question(asked) {
  const { code, params } = asked ?? { code: "sweep.no_rows", params: {} };
  const own = `ui.sweep.question.${code.replace("sweep.", "")}`;
  return note("warn", t(has(own) ? own : `error.${code}`, params));
}
