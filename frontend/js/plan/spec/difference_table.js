/** Settings that are not the same, as a table: one row a setting, one column an experiment. */

import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { headCells, scrollTable } from "../../base/tables.js";

/** @import { Line } from "./spec_lines.js" */

/** @param {string} title @param {string[]} names of the columns @param {Pick<Line, "name" | "values">[]} lines */
export function differenceTable(title, names, lines) {
  const rows = lines.map(({ name, values }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      values.map((value) => h("td", {}, value)),
    ),
  );
  return scrollTable(title, headCells([t("ui.spec.head.setting"), ...names]), rows, { look: "differences" });
}
