/** What was found in a file, in words its owner recognises, with the guesses open to correction. */

import { fill, h } from "../dom.js";
import { bytes, figure, number, percent } from "../format.js";
import { has, t } from "../i18n.js";
import { post } from "../api.js";
import { errorNote, note } from "./error.js";

const MAX_CLASSES = 12;

/** @param {any} dataset @param {(variant: any) => void} onVariant @param {AbortSignal} signal */
export function profile(dataset, onVariant, signal) {
  return h(
    "div",
    { class: "profile" },
    facts(dataset),
    guesses(dataset, onVariant, signal),
    warnings(dataset.profile.warnings),
    dataset.profile.classes.length ? balance(dataset.profile.classes) : null,
    columns(dataset.profile.columns),
  );
}

function facts({ shape, profile: found, source_bytes }) {
  const missing = found.columns.reduce((sum, column) => sum + column.num_missing, 0);
  const entries = [
    ["rows", number(found.num_rows)],
    ["columns", number(found.columns.length)],
    ["missing", number(missing)],
    ["split", `${number(shape.num_train)} / ${number(shape.num_val)}`],
    source_bytes ? ["size", bytes(source_bytes)] : null,
  ];
  return h(
    "dl",
    { class: "facts" },
    entries.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, t(`ui.profile.${name}`)), h("dd", { class: "number" }, value))),
  );
}

function guesses(dataset, onVariant, signal) {
  const { profile: found, shape } = dataset;
  const problem = h("div", {});
  const label = select("label", found.columns.map((column) => [column.name, column.name]), found.label);
  const task = select("task", ["classification", "regression"].map((name) => [name, t(`ui.task.${name}`)]), shape.task);
  const read = async (/** @type {any} */ wishes) => {
    for (const field of [label, task]) field.disabled = true;
    fill(problem, h("p", { class: "hint", role: "status" }, t("ui.profile.reading")));
    try {
      onVariant(await post(`/datasets/${dataset.id}/variants`, { delimiter: found.delimiter ?? ",", ...wishes }, { signal }));
    } catch (error) {
      if (signal.aborted) return;
      [label.value, task.value] = [found.label, shape.task];
      fill(problem, errorNote(error));
    } finally {
      for (const field of [label, task]) field.disabled = false;
    }
  };
  label.addEventListener("change", () => read({ label: label.value }));
  task.addEventListener("change", () => read({ label: found.label, task: task.value }));
  if (dataset.example) label.disabled = task.disabled = true;
  return h(
    "div",
    { class: "fields" },
    field("label", label, found.is_label_guessed && !dataset.example ? t("ui.profile.guessed") : t("ui.profile.label_hint")),
    field("task", task, found.is_task_guessed && !dataset.example ? t("ui.profile.guessed") : t(`ui.task.hint.${shape.task}`)),
    problem,
  );
}

function select(name, options, chosen) {
  const element = h("select", { id: `profile-${name}` }, options.map(([value, text]) => h("option", { value }, text)));
  element.value = chosen;
  return element;
}

function field(name, control, hint) {
  return h("div", { class: "field" }, h("label", { for: control.id }, t(`ui.profile.field.${name}`)), control, h("p", { class: "hint" }, hint));
}

/** @param {{code: string, params: Record<string, any>}[]} found */
function warnings(found) {
  if (!found.length) return note("info", t("ui.profile.no_warnings"));
  const words = (warning) => (has(`warning.${warning.code}`) ? t(`warning.${warning.code}`, warning.params) : warning.code);
  return note("warn", h("span", {}, h("strong", {}, t("ui.profile.warnings"))), h("ul", { class: "plain" }, found.map((warning) => h("li", {}, words(warning)))));
}

/** @param {{name: string, count: number}[]} classes */
function balance(classes) {
  const total = classes.reduce((sum, item) => sum + item.count, 0);
  const largest = Math.max(...classes.map((item) => item.count));
  const shown = classes.slice(0, MAX_CLASSES);
  const rows = shown.map((item) => {
    const bar = h("span", { class: "bar" });
    bar.style.setProperty("--share", String(item.count / largest));
    return h("li", {}, h("span", { class: "bar-name" }, item.name), bar, h("span", { class: "number" }, percent(item.count / total)));
  });
  const rest = classes.length - shown.length;
  return h("section", {}, h("h3", {}, t("ui.profile.classes")), h("ul", { class: "bars" }, rows), rest ? h("p", { class: "hint" }, t("ui.profile.more_classes", { count: rest })) : null);
}

function columns(found) {
  const heads = ["name", "kind", "missing", "distinct", "range", "examples"];
  const row = (column) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, column.name, column.is_label ? h("span", { class: "chip" }, t("ui.profile.is_label")) : null),
      h("td", {}, t(`ui.column.${column.kind}`)),
      h("td", { class: "number" }, number(column.num_missing)),
      h("td", { class: "number" }, number(column.num_distinct)),
      h("td", { class: "number" }, column.minimum === null ? "–" : `${figure(column.minimum)} … ${figure(column.maximum)}`),
      h("td", { class: "cut" }, column.examples.join(" · ")),
    );
  return h(
    "details",
    { class: "fold" },
    h("summary", {}, t("ui.profile.all_columns", { count: number(found.length) })),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("ui.profile.all_columns", { count: number(found.length) }) }, h("table", {}, h("thead", {}, h("tr", {}, heads.map((name) => h("th", { scope: "col" }, t(`ui.profile.head.${name}`))))), h("tbody", {}, found.map(row)))),
  );
}
