/** The numbers of a figure, for screen readers and everyone. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { figure as digits, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { headCells, numberCell, scrollTable } from "../base/tables.js";

/** @import { FigureTableReply } from "../../types/answers.js" */

/** More rows are for a spreadsheet. */
const MOST_ROWS = 400;

/** @param {() => string} path of the table, with the choices in it @param {AbortSignal} signal */
export function figureTable(path, signal) {
  const element = h("div", { class: "figure-table", hidden: true });
  let isOpen = false;
  const read = async () => {
    if (!isOpen) return;
    try {
      /** @type {FigureTableReply} */
      const table = await get(`${path()}&brief=true`, signal);
      if (isOpen) fill(element, ...drawn(table));
    } catch (error) {
      if (!isAbort(error)) fill(element, errorNote(error));
    }
  };
  const toggle = (/** @type {boolean} */ isWanted) => {
    isOpen = isWanted;
    element.hidden = !isWanted;
    void read();
  };
  return { element, toggle, refresh: read };
}

/** @param {FigureTableReply} table */
function drawn({ title, columns, rows }) {
  if (rows.length === 0) return [h("p", { class: "hint" }, t("figure.empty"))];
  const lines = rows.slice(0, MOST_ROWS).map((row) => h("tr", {}, row.map(cell)));
  const rest = rows.length - lines.length;
  return [
    scrollTable(title, headCells([...columns]), lines, { caption: title }),
    h(
      "p",
      { class: "hint" },
      rest > 0 ? t("ui.figure.table_cut", { count: lines.length, rest }) : t("ui.figure.table_hint"),
    ),
  ];
}

/** @param {string | number | null} value */
function cell(value) {
  if (value === null) return h("td", {}, "–");
  if (typeof value !== "number") return h("td", {}, value);
  return numberCell(Number.isInteger(value) ? number(value) : digits(value));
}
