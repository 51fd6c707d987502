/** A table of tensors with their constants, each beside its ratio to the base size. */

import { h } from "../base/dom.js";
import { figure } from "../base/format.js";
import { t } from "../base/i18n.js";
import { headCells, numberCell, scrollTable } from "../base/tables.js";

/** @import { Tensor } from "../../types/answers.js" */
/** @typedef {(row: Tensor, lr: number) => number | null} Constant */

/**
 * Columns, and what they show; a column that no tensor has is left out.
 * @type {Record<string, Constant>}
 */
const COLUMNS = {
  forward_mult: (row) => row.forward_mult,
  init_std: (row) => row.init_std,
  effective_lr: (row, lr) => row.lr_mult * lr,
  branch_mult: (row) => row.branch_mult,
  epsilon: (row) => row.epsilon,
  weight_decay: (row) => row.weight_decay,
};
const SAME = 1e-6;
/** @type {Record<string, number>} */
const ENDS = { input: -1, output: 1 };

/** @param {string} name @param {Tensor[]} rows @param {Tensor[]} base the same at the base size @param {number} lr */
export function tensorTable(name, rows, base, lr) {
  const columns = Object.entries(COLUMNS).filter(([, value]) => rows.some((row) => value(row, lr) !== null));
  const heads = ["tensor", "role", "shape", ...columns.map(([column]) => column)];
  const line = (/** @type {Tensor[]} */ group) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, nameOf(group)),
      h("td", {}, t(`ui.tensors.role.${group[0].role}`)),
      numberCell(group[0].shape.join(" × ")),
      columns.map(([, value]) => cell(value(group[0], lr), valueAtBase(group[0], base, value, lr))),
    );
  return scrollTable(name, headCells(heads.map((head) => t(`ui.tensors.head.${head}`))), grouped(rows).map(line));
}

/** @param {Tensor[]} group */
function nameOf(group) {
  const names = group.map((row) => row.name);
  return names.length > 2 ? `${names[0]} … ${names[names.length - 1]} (${names.length})` : names.join(", ");
}

/** @param {number | null} value @param {number | null} atBase */
function cell(value, atBase) {
  if (value === null) return numberCell("–");
  const ratio = atBase ? value / atBase : 1;
  const isOther = Math.abs(ratio - 1) > SAME;
  return numberCell([figure(value), isOther ? h("span", { class: "ratio" }, `×${figure(ratio)}`) : null]);
}

/**
 * The same tensor of the base size, else the first of its role: a deeper network has more of them.
 * @param {Tensor} row @param {Tensor[]} base @param {Constant} value @param {number} lr
 */
function valueAtBase(row, base, value, lr) {
  const found = base.find((item) => item.name === row.name) ?? base.find((item) => item.role === row.role);
  return found ? value(found, lr) : null;
}

/** As data flow: in, through the blocks in order, out. @param {Tensor} one @param {Tensor} other */
function inOrder(one, other) {
  const byEnd = (ENDS[one.role] ?? 0) - (ENDS[other.role] ?? 0);
  return byEnd || one.name.localeCompare(other.name, "en", { numeric: true });
}

/**
 * Tensors that differ in nothing but their name stand in one line: the same weight of every block.
 * @param {Tensor[]} rows
 */
function grouped(rows) {
  /** @type {Map<string, Tensor[]>} */
  const groups = new Map();
  for (const row of [...rows].sort(inOrder)) {
    const key = JSON.stringify({ ...row, name: null });
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}
