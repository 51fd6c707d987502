/** What was found in a file, in words its owner recognises: a table, images or a text. */

import { h } from "../base/dom.js";
import { bytes, number, percent } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { note } from "../base/note.js";
import { columns, guesses } from "./profile_table.js";
import { imageSamples, textSamples } from "./profile_samples.js";
import { readAsTable } from "./read_again.js";

const MAX_CLASSES = 12;

/** @param {any} dataset @param {(variant: any) => void} onVariant @param {AbortSignal} signal */
export function profile(dataset, onVariant, signal) {
  const parts = { images, text, table }[kindOf(dataset.shape)];
  return h("div", { class: "profile" }, parts(dataset, onVariant, signal));
}

/** @param {any} shape @returns {"images" | "text" | "table"} */
export function kindOf(shape) {
  if (shape.image) return "images";
  return shape.task === "language_modelling" ? "text" : "table";
}

function table(dataset, onVariant, signal) {
  const { profile: found } = dataset;
  const missing = found.columns.reduce((sum, column) => sum + column.num_missing, 0);
  return [
    facts(dataset, [
      ["rows", number(found.num_rows)],
      ["columns", number(found.columns.length)],
      ["missing", number(missing)],
    ]),
    guesses(dataset, onVariant, signal),
    warnings(found.warnings),
    balance(found.classes),
    columns(found.columns),
  ];
}

function images(dataset, _onVariant, signal) {
  const { shape, profile: found } = dataset;
  return [
    facts(dataset, [
      ["images", number(found.num_rows)],
      ["image_size", `${number(shape.image.width)} × ${number(shape.image.height)}`],
      ["channels", number(shape.image.channels)],
      ["num_classes", number(shape.num_outputs)],
    ]),
    purpose("classification", "images"),
    imageSamples(dataset, signal),
    warnings(found.warnings),
    balance(found.classes),
  ];
}

function text(dataset, onVariant, signal) {
  const { shape, profile: found } = dataset;
  return [
    facts(dataset, [
      ["text_size", bytes(found.text.num_bytes)],
      ["files", number(found.text.num_files)],
      ["context", t("ui.profile.context_bytes", { count: number(shape.num_features) })],
      ["windows", number(found.num_rows)],
    ]),
    purpose("language_modelling", "text"),
    warnings(found.warnings),
    dataset.example ? null : readAsTable(dataset, onVariant, signal),
    textSamples(dataset, signal),
  ];
}

/** @param {any} dataset @param {[string, string][]} own facts of its kind */
function facts({ shape, source_bytes }, own) {
  const split = ["split", `${number(shape.num_train)} / ${number(shape.num_val)}`];
  const entries = [...own, split, ...(source_bytes ? [["size", bytes(source_bytes)]] : [])];
  return h(
    "dl",
    { class: "facts" },
    entries.map(([name, value]) =>
      h("div", {}, h("dt", {}, t(`ui.profile.${name}`)), h("dd", { class: "number" }, value)),
    ),
  );
}

/** What is predicted, where there is nothing to choose. */
function purpose(task, kind) {
  return h("p", {}, h("strong", {}, t(`ui.task.${task}`)), " ", t(`ui.profile.predicts.${kind}`));
}

/** @param {{code: string, params: Record<string, any>}[]} found */
function warnings(found) {
  if (!found.length) return note("info", t("ui.profile.no_warnings"));
  const words = (warning) =>
    has(`warning.${warning.code}`) ? t(`warning.${warning.code}`, warning.params) : warning.code;
  return note(
    "warn",
    h("span", {}, h("strong", {}, t("ui.profile.warnings"))),
    h(
      "ul",
      { class: "plain" },
      found.map((warning) => h("li", {}, words(warning))),
    ),
  );
}

/** @param {{name: string, count: number}[]} classes */
function balance(classes) {
  if (!classes.length) return null;
  const total = classes.reduce((sum, item) => sum + item.count, 0);
  const largest = Math.max(...classes.map((item) => item.count));
  const shown = classes.slice(0, MAX_CLASSES);
  const rows = shown.map((item) => {
    const bar = h("span", { class: "bar" });
    bar.style.setProperty("--share", String(item.count / largest));
    return h(
      "li",
      {},
      h("span", { class: "bar-name" }, item.name),
      bar,
      h("span", { class: "number" }, percent(item.count / total)),
    );
  });
  const rest = classes.length - shown.length;
  return h(
    "section",
    {},
    h("h3", {}, t("ui.profile.classes")),
    h("ul", { class: "bars" }, rows),
    rest ? h("p", { class: "hint" }, t("ui.profile.more_classes", { count: rest })) : null,
  );
}
