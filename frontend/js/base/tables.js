/** Tables and lists of facts, as they look all over the page. */

import { h } from "./dom.js";

/** @import { Child } from "../../types/page.js" */

/**
 * A table that scrolls sideways where it does not fit, and can be reached with the keyboard to do so.
 * @param {string} name what a screen reader calls it
 * @param {Child} heads cells of the heading row @param {Child} rows
 * @param {{look?: string, caption?: string}} [options] a class of the table, and a visible caption
 */
export function scrollTable(name, heads, rows, { look, caption } = {}) {
  const head = h("thead", {}, h("tr", {}, heads));
  const title = caption ? h("caption", {}, caption) : null;
  const table = h("table", { class: look }, title, head, h("tbody", {}, rows));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": name }, table);
}

/** Heading cells. @param {string[]} texts */
export const headCells = (texts) => texts.map((text) => h("th", { scope: "col" }, text));

/** A cell with a number. @param {Child} value */
export const numberCell = (value) => h("td", { class: "number" }, value);

/** Entries of a `dl` of facts. @param {(readonly [string, Child])[]} entries names and values */
export const factEntries = (entries) =>
  entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { class: "number" }, value)));

/** A plain list. @param {Child[]} items @param {string} [look] */
export const plainList = (items, look = "plain") =>
  h(
    "ul",
    { class: look },
    items.map((item) => h("li", {}, item)),
  );
