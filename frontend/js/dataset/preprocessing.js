/** How the columns of a table become numbers: what was fitted on its training rows, read when it is opened. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { figure } from "../base/format.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { headCells, numberCell, scrollTable } from "../base/tables.js";

/** @import { Dataset, FittedColumn, Preprocessing } from "../../types/answers.js" */

const HEADS = ["column", "mean", "std", "median"];

/** @param {Dataset} dataset @param {AbortSignal} signal */
export function preprocessing(dataset, signal) {
  const body = h("div", { class: "stack", "aria-live": "polite" });
  const title = h("summary", {}, t("ui.preprocessing.title"));
  const box = h("details", { class: "fold", id: "preprocessing" }, title, body);
  const read = async () => {
    try {
      fill(body, shown(await get(`/datasets/${dataset.id}/preprocessing`, signal)));
    } catch (error) {
      if (!isAbort(error)) fill(body, errorNote(error));
    }
  };
  box.addEventListener("toggle", read, { once: true });
  return box;
}

/** @param {Preprocessing} found */
function shown({ columns, label_mean: mean, label_scale: std, is_log_label: isLog }) {
  const rows = columns.map(row);
  if (std !== 1 || isLog) rows.push(labelRow(isLog ? "log_label" : "label", mean, std));
  const heads = headCells(HEADS.map((name) => t(`ui.preprocessing.head.${name}`)));
  return [h("p", { class: "hint" }, t("ui.preprocessing.hint")), scrollTable(t("ui.preprocessing.title"), heads, rows)];
}

/** @param {FittedColumn} column */
function row({ column, mean, std, median, levels }) {
  const name = h("th", { scope: "row" }, column);
  if (mean !== null) return h("tr", {}, name, [mean, std, median].map(value));
  const words = t("ui.preprocessing.categories", { levels: levels.join(", ") });
  return h("tr", {}, name, h("td", { colspan: HEADS.length - 1 }, words));
}

/** @param {string} key @param {number} mean @param {number} std */
const labelRow = (key, mean, std) =>
  h("tr", {}, h("th", { scope: "row" }, t(`ui.preprocessing.${key}`)), [mean, std, null].map(value));

/** @param {number | null} found */
const value = (found) => numberCell(found === null ? "–" : figure(found));
