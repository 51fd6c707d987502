/** The columns of a table and their uses, which their owner can change; rows are built when they are shown. */

import { fill, h } from "../base/dom.js";
import { figure, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { headCells, numberCell, scrollTable } from "../base/tables.js";

/** @import { Column, Dataset } from "../../types/answers.js" */
/** @import { Reader } from "./reading.js" */

const HEADS = ["name", "use", "kind", "missing", "distinct", "range", "examples"];
const USES = ["number", "category", "time", "leave_out"];
/** Rows that are built at once: a page of thousands of rows takes seconds to draw. */
const PAGE = 200;

/** @param {Dataset} dataset @param {Reader} reader */
export function columns(dataset, reader) {
  const found = dataset.profile.columns;
  const title = t("ui.profile.all_columns", { count: number(found.length) });
  const body = h("div", {});
  const fold = h("details", { class: "fold", id: "columns" }, h("summary", {}, title), body);
  fold.addEventListener("toggle", () => {
    if (fold.open && !body.firstChild) show(body, title, dataset, reader, PAGE);
  });
  return fold;
}

/**
 * @param {HTMLElement} body @param {string} title @param {Dataset} dataset
 * @param {Reader} reader @param {number} most
 */
function show(body, title, dataset, reader, most) {
  const found = dataset.profile.columns;
  const heads = headCells(HEADS.map((name) => t(`ui.profile.head.${name}`)));
  const rows = found.slice(0, most).map((column) => columnRow(column, dataset, reader));
  const more = h(
    "button",
    { type: "button", class: "button" },
    t("ui.profile.more_columns", { count: number(found.length - most) }),
  );
  more.addEventListener("click", () => show(body, title, dataset, reader, most + PAGE));
  fill(body, scrollTable(title, heads, rows), found.length > most ? more : null);
}

/** @param {Column} column @param {Dataset} dataset @param {Reader} reader */
function columnRow(column, dataset, reader) {
  const range = column.minimum === null ? "–" : rangeOf(column);
  const mark = column.is_label ? h("span", { class: "chip" }, t("ui.profile.is_label")) : null;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, column.name, mark),
    h("td", {}, useOf(column, dataset, reader)),
    h("td", {}, kindOf(column)),
    [number(column.num_missing), number(column.num_distinct), range].map(numberCell),
    h("td", { class: "cut" }, column.examples.join(" · ")),
  );
}

/** Times are told by their examples: their numbers are seconds. @param {Column} column */
const rangeOf = ({ kind, minimum, maximum }) => (kind === "time" ? "–" : `${figure(minimum)} … ${figure(maximum)}`);

/** @param {Column} column */
function kindOf({ kind, left_out, read_as }) {
  const words = [t(`ui.column.${kind}`), read_as ? t(`read_as.${read_as}`) : null].filter(Boolean).join(", ");
  return left_out ? [words, " ", h("span", { class: "chip" }, t(`left_out.${left_out}`))] : words;
}

/** @param {Column} column @param {Dataset} dataset @param {Reader} reader */
function useOf(column, { example }, reader) {
  if (column.is_label) return t("ui.profile.is_label");
  const entries = ["auto", ...USES].map((use) => h("option", { value: use }, t(`ui.use.${use}`)));
  const control = h("select", { "aria-label": t("ui.profile.use_of", { name: column.name }) }, entries);
  control.value = column.use ?? "auto";
  control.disabled = Boolean(example);
  if (!example) reader.disable(control);
  control.addEventListener("change", () => {
    const use = control.value === "auto" ? null : control.value;
    reader.read({ columns: { [column.name]: use } }).catch(() => (control.value = column.use ?? "auto"));
  });
  return control;
}
