/** The columns of a table, with the guesses about them open to correction. */

import { fill, h } from "../base/dom.js";
import { figure, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { post } from "../base/api.js";
import { errorNote } from "../base/note.js";

/** @param {any} dataset @param {(variant: any) => void} onVariant @param {AbortSignal} signal */
export function guesses(dataset, onVariant, signal) {
  const { profile: found, shape } = dataset;
  const problem = h("div", {});
  const label = select(
    "label",
    found.columns.map((column) => [column.name, column.name]),
    found.label,
  );
  const task = select(
    "task",
    ["classification", "regression"].map((name) => [name, t(`ui.task.${name}`)]),
    shape.task,
  );
  const read = async (/** @type {any} */ wishes) => {
    for (const field of [label, task]) field.disabled = true;
    fill(problem, h("p", { class: "hint", role: "status" }, t("ui.profile.reading")));
    try {
      onVariant(
        await post(`/datasets/${dataset.id}/variants`, { delimiter: found.delimiter ?? ",", ...wishes }, { signal }),
      );
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
    field(
      "label",
      label,
      found.is_label_guessed && !dataset.example ? t("ui.profile.guessed") : t("ui.profile.label_hint"),
    ),
    field(
      "task",
      task,
      found.is_task_guessed && !dataset.example ? t("ui.profile.guessed") : t(`ui.task.hint.${shape.task}`),
    ),
    problem,
  );
}

function select(name, options, chosen) {
  const element = h(
    "select",
    { id: `profile-${name}` },
    options.map(([value, text]) => h("option", { value }, text)),
  );
  element.value = chosen;
  return element;
}

function field(name, control, hint) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: control.id }, t(`ui.profile.field.${name}`)),
    control,
    h("p", { class: "hint" }, hint),
  );
}

/** @param {any[]} found */
export function columns(found) {
  const heads = ["name", "kind", "missing", "distinct", "range", "examples"];
  const row = (column) =>
    h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        column.name,
        column.is_label ? h("span", { class: "chip" }, t("ui.profile.is_label")) : null,
      ),
      h("td", {}, t(`ui.column.${column.kind}`)),
      h("td", { class: "number" }, number(column.num_missing)),
      h("td", { class: "number" }, number(column.num_distinct)),
      h(
        "td",
        { class: "number" },
        column.minimum === null ? "–" : `${figure(column.minimum)} … ${figure(column.maximum)}`,
      ),
      h("td", { class: "cut" }, column.examples.join(" · ")),
    );
  return h(
    "details",
    { class: "fold" },
    h("summary", {}, t("ui.profile.all_columns", { count: number(found.length) })),
    h(
      "div",
      {
        class: "scroll",
        tabindex: 0,
        role: "region",
        "aria-label": t("ui.profile.all_columns", { count: number(found.length) }),
      },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((name) => h("th", { scope: "col" }, t(`ui.profile.head.${name}`))),
          ),
        ),
        h("tbody", {}, found.map(row)),
      ),
    ),
  );
}
