/** A table of tensors with their constants, each beside its ratio to the base size. */

import { h } from "../base/dom.js";
import { figure } from "../base/format.js";
import { t } from "../base/i18n.js";

/** Column and what it shows; a column that no tensor has is left out. */
const COLUMNS = {
  forward_mult: (row) => row.forward_mult,
  init_std: (row) => row.init_std,
  effective_lr: (row, lr) => row.lr_mult * lr,
  branch_mult: (row) => row.branch_mult,
  epsilon: (row) => row.epsilon,
  weight_decay: (row) => row.weight_decay,
};
const SAME = 1e-6;
const ENDS = { input: -1, output: 1 };

/** @param {string} name @param {any[]} rows @param {any[]} base the same tensors at the base size @param {number} lr */
export function tensorTable(name, rows, base, lr) {
  const columns = Object.entries(COLUMNS).filter(([, value]) => rows.some((row) => value(row, lr) !== null));
  const heads = ["tensor", "role", "shape", ...columns.map(([column]) => column)];
  const line = (group) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, nameOf(group)),
      h("td", {}, t(`ui.tensors.role.${group[0].role}`)),
      h("td", { class: "number" }, group[0].shape.join(" × ")),
      columns.map(([, value]) => cell(value(group[0], lr), valueAtBase(group[0], base, value, lr))),
    );
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": name },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((head) => h("th", { scope: "col" }, t(`ui.tensors.head.${head}`))),
        ),
      ),
      h("tbody", {}, grouped(rows).map(line)),
    ),
  );
}

const nameOf = (group) =>
  group.length > 2
    ? `${group[0].name} … ${group[group.length - 1].name} (${group.length})`
    : group.map((row) => row.name).join(", ");

function cell(value, atBase) {
  if (value === null) return h("td", { class: "number" }, "–");
  const ratio = atBase ? value / atBase : 1;
  return h(
    "td",
    { class: "number" },
    figure(value),
    Math.abs(ratio - 1) > SAME ? h("span", { class: "ratio" }, `×${figure(ratio)}`) : null,
  );
}

/** The same tensor of the base size, else the first of its role: a deeper network has more of them. */
function valueAtBase(row, base, value, lr) {
  const found = base.find((item) => item.name === row.name) ?? base.find((item) => item.role === row.role);
  return found ? value(found, lr) : null;
}

/** As data flow: in, through the blocks in order, out. */
function inOrder(one, other) {
  return (ENDS[one.role] ?? 0) - (ENDS[other.role] ?? 0) || one.name.localeCompare(other.name, "en", { numeric: true });
}

/** Tensors that differ in nothing but their name stand in one line: the same weight of every block. */
function grouped(rows) {
  const groups = new Map();
  for (const row of [...rows].sort(inOrder)) {
    const { name, ...constants } = row;
    const key = JSON.stringify(constants);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}
