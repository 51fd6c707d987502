/** What was found in a file, in words its owner recognises: a table, images or a text. */

import { h } from "../base/dom.js";
import { bytes, number, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { factEntries, plainList } from "../base/tables.js";
import { advice } from "./advice.js";
import { isOfSweep, sweepNote } from "./as_sweep.js";
import { decisions, guesses, notes, questions } from "./decisions.js";
import { preprocessing } from "./preprocessing.js";
import { columns } from "./profile_table.js";
import { imageSamples, textSamples } from "./profile_samples.js";
import { readAsTable } from "./read_again.js";
import { readerOf } from "./reading.js";

/** @import { ClassCount, Dataset, Shape } from "../../types/answers.js" */
/** @import { Child } from "../../types/page.js" */
/** @typedef {(dataset: Dataset, onVariant: (variant: Dataset) => void, signal: AbortSignal) => Child[]} Parts */

const MAX_CLASSES = 12;

/** @param {Dataset} dataset @param {(variant: Dataset) => void} onVariant @param {AbortSignal} signal */
export function profile(dataset, onVariant, signal) {
  const parts = { images, text, table }[kindOf(dataset.shape)];
  return h("div", { class: "profile" }, parts(dataset, onVariant, signal));
}

/** @param {Shape} shape @returns {"images" | "text" | "table"} */
export function kindOf(shape) {
  if (shape.image) return "images";
  return shape.task === "language_modelling" ? "text" : "table";
}

/** @type {Parts} */
function table(dataset, onVariant, signal) {
  const { profile: found } = dataset;
  const missing = found.columns.reduce((sum, column) => sum + column.num_missing, 0);
  const used = found.columns.filter((column) => !column.left_out).length;
  const reader = readerOf(dataset, onVariant, signal);
  return [
    facts(dataset, [
      ["rows", ofAll(found.num_rows, found.num_rows_in_file)],
      ["columns", ofAll(used, found.columns.length)],
      ["missing", number(missing)],
    ]),
    sweepNote(dataset, signal),
    questions(dataset, reader),
    guesses(dataset, reader),
    advice(dataset, onVariant, signal),
    notes(found.notes.filter((each) => !isOfSweep(each))),
    decisions(dataset, reader),
    balance(found.classes),
    columns(dataset, reader),
    preprocessing(dataset, signal),
  ];
}

/** What is used of what there is. @param {number} used @param {number | null} all */
const ofAll = (used, all) =>
  all === null || all === used ? number(used) : t("ui.profile.of_all", { used: number(used), all: number(all) });

/** @type {Parts} */
function images(dataset, onVariant, signal) {
  const { shape, profile: found } = dataset;
  const reader = readerOf(dataset, onVariant, signal);
  return [
    facts(dataset, [
      ["images", number(found.num_rows)],
      ...imageFacts(shape),
      ["num_classes", number(shape.num_outputs)],
    ]),
    purpose("classification", "images"),
    questions(dataset, reader),
    imageSamples(dataset, signal),
    advice(dataset, onVariant, signal),
    notes(found.notes),
    decisions(dataset, reader),
    reader.place,
    balance(found.classes),
  ];
}

/** @param {Shape} shape @returns {[string, string][]} */
const imageFacts = ({ image }) =>
  image
    ? [
        ["image_size", `${number(image.width)} × ${number(image.height)}`],
        ["channels", number(image.channels)],
      ]
    : [];

/** @type {Parts} */
function text(dataset, onVariant, signal) {
  const { shape, profile: found } = dataset;
  const reader = readerOf(dataset, onVariant, signal);
  const tokens = found.text?.bytes_per_token ? "tokens" : "bytes";
  return [
    facts(dataset, [
      ["text_size", bytes(found.text?.num_bytes ?? 0)],
      ["files", number(found.text?.num_files ?? 0)],
      ["context", t(`ui.profile.context_${tokens}`, { count: number(shape.num_features) })],
      ...vocabularyFacts(shape, found.text?.bytes_per_token),
      ["windows", number(found.num_rows)],
    ]),
    purpose("language_modelling", tokens === "tokens" ? "tokens" : "text", shape.num_outputs),
    advice(dataset, onVariant, signal),
    dataset.example ? null : readAsTable(dataset, onVariant, signal),
    notes(found.notes),
    decisions(dataset, reader),
    reader.place,
    textSamples(dataset, signal),
  ];
}

/** @param {Shape} shape @param {number | null} [length] mean bytes of a token @returns {[string, string][]} */
const vocabularyFacts = (shape, length) =>
  length
    ? [
        ["vocabulary", number(shape.num_outputs)],
        ["bytes_per_token", number(Number(length.toFixed(2)))],
      ]
    : [];

/** @param {Dataset} dataset @param {[string, string][]} own facts of its kind */
function facts({ shape, source_bytes }, own) {
  const entries = [...own, ["split", `${number(shape.num_train)} / ${number(shape.num_val)}`]];
  if (source_bytes) entries.push(["size", bytes(source_bytes)]);
  return h("dl", { class: "facts" }, factEntries(entries.map(([name, value]) => [t(`ui.profile.${name}`), value])));
}

/**
 * What is predicted, where there is nothing to choose.
 * @param {Shape["task"]} task @param {"images" | "text" | "tokens"} kind of what is read
 * @param {number} [count] of outputs
 */
function purpose(task, kind, count = 0) {
  const words = t(`ui.profile.predicts.${kind}`, { count: number(count) });
  return h("p", {}, h("strong", {}, t(`ui.task.${task}`)), " ", words);
}

/** @param {ClassCount[]} classes */
function balance(classes) {
  if (!classes.length) return null;
  const total = classes.reduce((sum, item) => sum + item.count, 0);
  const largest = Math.max(...classes.map((item) => item.count));
  const shown = classes.slice(0, MAX_CLASSES);
  const rows = shown.map((item) => classBar(item, largest, total));
  const rest = classes.length - shown.length;
  return h(
    "section",
    {},
    h("h3", {}, t("ui.profile.classes")),
    plainList(rows, "bars"),
    rest ? h("p", { class: "hint" }, t("ui.profile.more_classes", { count: rest })) : null,
  );
}

/** @param {ClassCount} item @param {number} largest count of a class @param {number} total of all */
function classBar({ name, count }, largest, total) {
  const bar = h("span", { class: "bar" });
  bar.style.setProperty("--share", String(count / largest));
  return [h("span", { class: "bar-name" }, name), bar, h("span", { class: "number" }, percent(count / total))];
}
