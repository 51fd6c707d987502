/** The columns of a table, with the guesses about them open to correction. */

import { fill, h } from "../base/dom.js";
import { figure, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { headCells, numberCell, scrollTable } from "../base/tables.js";
import { splitText } from "./split_text.js";
import { decisionOf, readVariant, withLabel } from "./variant.js";

/** @import { Column, Dataset } from "../../types/answers.js" */
/** @import { Wishes } from "./variant.js" */

/** @param {Dataset} dataset @param {(variant: Dataset) => void} onVariant @param {AbortSignal} signal */
export function guesses(dataset, onVariant, signal) {
  const { profile: found, shape } = dataset;
  const problem = h("div", {});
  const division = decisionOf(dataset, "split");
  const names = found.columns.map(({ name }) => [name, name]);
  const label = select("label", names, found.label);
  const tasks = ["classification", "regression"].map((name) => [name, t(`ui.task.${name}`)]);
  const task = select("task", tasks, shape.task);
  const ways = (division?.choices ?? []).map((way) => [way, splitText(way)]);
  const split = division ? select("split", ways, division.value) : null;
  const controls = split ? [label, task, split] : [label, task];
  const disable = (/** @type {boolean} */ isOff) => controls.forEach((control) => (control.disabled = isOff));
  const read = async (/** @type {Wishes} */ wishes) => {
    disable(true);
    fill(problem, h("p", { class: "hint", role: "status" }, t("ui.profile.reading")));
    try {
      onVariant(await readVariant(dataset, wishes, signal));
    } catch (error) {
      if (signal.aborted) return;
      [label.value, task.value] = [found.label ?? "", shape.task];
      if (split && division) split.value = division.value;
      fill(problem, errorNote(error));
    } finally {
      disable(false);
    }
  };
  label.addEventListener("change", () => read(withLabel(dataset, label.value)));
  task.addEventListener("change", () => read({ task: task.value, log_target: false }));
  split?.addEventListener("change", () => read({ split: split.value }));
  if (dataset.example) disable(true);
  const fields = guessFields(dataset, label, task);
  if (split) fields.push(field("split", split, t("ui.profile.split_hint")));
  return h("div", { class: "fields" }, ...fields, problem);
}

/** @param {Dataset} dataset @param {HTMLSelectElement} label @param {HTMLSelectElement} task */
function guessFields({ example, profile: found, shape }, label, task) {
  const guessed = t("ui.profile.guessed");
  return [
    field("label", label, found.is_label_guessed && !example ? guessed : t("ui.profile.label_hint")),
    field("task", task, found.is_task_guessed && !example ? guessed : t(`ui.task.hint.${shape.task}`)),
  ];
}

/** @param {string} name @param {string[][]} options values and their texts @param {string | null} chosen */
function select(name, options, chosen) {
  const entries = options.map(([value, text]) => h("option", { value }, text));
  const element = h("select", { id: `profile-${name}` }, entries);
  element.value = chosen ?? "";
  return element;
}

/** @param {string} name @param {HTMLSelectElement} control @param {string} hint */
function field(name, control, hint) {
  const label = h("label", { for: control.id }, t(`ui.profile.field.${name}`));
  return h("div", { class: "field" }, label, control, h("p", { class: "hint" }, hint));
}

const HEADS = ["name", "kind", "missing", "distinct", "range", "examples"];

/** @param {Column[]} found */
export function columns(found) {
  const title = t("ui.profile.all_columns", { count: number(found.length) });
  const heads = headCells(HEADS.map((name) => t(`ui.profile.head.${name}`)));
  return h("details", { class: "fold" }, h("summary", {}, title), scrollTable(title, heads, found.map(columnRow)));
}

/** @param {Column} column */
function columnRow(column) {
  const range = column.minimum === null ? "–" : `${figure(column.minimum)} … ${figure(column.maximum)}`;
  const mark = column.is_label ? h("span", { class: "chip" }, t("ui.profile.is_label")) : null;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, column.name, mark),
    h("td", {}, t(`ui.column.${column.kind}`)),
    [number(column.num_missing), number(column.num_distinct), range].map(numberCell),
    h("td", { class: "cut" }, column.examples.join(" · ")),
  );
}
