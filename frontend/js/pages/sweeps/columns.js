/** The columns of a sweep: what each is taken for, with a choice of another meaning. */

import { h } from "../../base/dom.js";
import { number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { headCells, scrollTable } from "../../base/tables.js";

/** @import { ColumnRole, Sweep } from "../../../types/answers.js" */
/** @typedef {Sweep["reading"]["columns"][number]} Column */

/** In the order in which they are offered. @type {ColumnRole[]} */
const ROLES = [
  "size",
  "width",
  "depth",
  "lr",
  "loss",
  "accuracy",
  "perplexity",
  "initial_loss",
  "seed",
  "step",
  "steps",
  "tokens",
  "batch",
  "parametrization",
  "optimizer",
  "diverged",
  "shape",
  "condition",
  "label",
];
const HEADS = ["column", "meaning", "values", "examples"];

/** @param {Sweep} sweep @param {(roles: Record<string, ColumnRole>) => unknown} onChoose takes all that was chosen */
export function columnChooser({ reading, choices }, onChoose) {
  const choose = (/** @type {string} */ name, /** @type {string} */ role) => {
    const roles = { ...choices.roles };
    if (role) roles[name] = /** @type {ColumnRole} */ (role);
    else delete roles[name];
    onChoose(roles);
  };
  const rows = reading.columns.map((column, at) => row(column, at, choose));
  const heads = headCells(HEADS.map((name) => t(`ui.sweep.column.${name}`)));
  const title = t("ui.sweep.columns");
  return h(
    "section",
    { class: "panel stack", id: "sweep-columns" },
    h("h2", {}, title),
    h("p", { class: "hint" }, t("ui.sweep.columns_hint")),
    scrollTable(title, heads, rows, { look: "sweep-columns" }),
  );
}

/** @param {Column} column @param {number} at @param {(name: string, role: string) => void} choose */
function row(column, at, choose) {
  const own = h("option", { value: "" }, t("ui.sweep.recognised"));
  const options = ROLES.map((role) => h("option", { value: role }, t(`sweep.role.${role}`)));
  const select = h(
    "select",
    { id: `sweep-column-${at}`, "aria-label": t("ui.sweep.meaning_of", { column: column.name }) },
    column.is_given ? [own, options] : options,
  );
  select.value = column.role;
  select.addEventListener("change", () => choose(column.name, select.value));
  return h(
    "tr",
    { data: { column: column.name } },
    h("th", { scope: "row", class: "wrap" }, column.name),
    h("td", {}, select, column.is_given ? [" ", h("span", { class: "chip" }, t("ui.sweep.chosen"))] : null),
    h("td", { class: "number" }, number(column.num_different)),
    h("td", { class: "sweep-examples hint" }, column.examples.filter(Boolean).join(" · ") || "–"),
  );
}
