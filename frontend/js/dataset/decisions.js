/** How a file was read: every decision with its choices, and what is asked of its owner. */

import { h } from "../base/dom.js";
import { has, t } from "../base/i18n.js";
import { note } from "../base/note.js";
import { plainList } from "../base/tables.js";
import { nameOf, valueText } from "./decision_text.js";

/** @import { Dataset, DataWarning, Decision } from "../../types/answers.js" */
/** @import { Reader } from "./reading.js" */

/** Decisions that stand in the first place, as what is predicted; all others are folded away. */
const FIRST = ["label", "task", "split"];
const MOST_CHOICES = 200;

/** What is unclear, each question with a button per answer. @param {Dataset} dataset @param {Reader} reader */
export function questions({ profile, example }, reader) {
  if (example) return null;
  const asked = profile.decisions.filter((decision) => decision.is_question);
  return asked.map((decision) => {
    const words = has(`decision.ask.${decision.option}`)
      ? t(`decision.ask.${decision.option}`, { label: profile.label ?? "" })
      : t("decision.ask", { what: nameOf(decision.option) });
    const shown = decision.examples.length ? t("decision.examples", { examples: decision.examples.join(" · ") }) : "";
    return note("warn", h("span", {}, h("strong", {}, words), " ", shown), ...answers(decision, reader));
  });
}

/** @param {Decision} decision @param {Reader} reader */
function answers(decision, reader) {
  return decision.choices.slice(0, 6).map((choice) => {
    const isUsed = choice === decision.value;
    const words = isUsed ? t("decision.keep", { value: textOf(decision, choice) }) : textOf(decision, choice);
    const button = h("button", { type: "button", class: "button" }, words);
    button.addEventListener("click", () => read(reader, decision.option, choice));
    reader.disable(button);
    return button;
  });
}

/** What is predicted and how: open to correction. @param {Dataset} dataset @param {Reader} reader */
export function guesses(dataset, reader) {
  const found = FIRST.flatMap((option) => dataset.profile.decisions.find((each) => each.option === option) ?? []);
  return h("div", { class: "fields" }, ...found.map((decision) => field(dataset, decision, reader)), reader.place);
}

/** Everything else that was decided, folded. @param {Dataset} dataset @param {Reader} reader */
export function decisions(dataset, reader) {
  // Cells that mean "missing" are typed into a field of their own.
  const rest = dataset.profile.decisions.filter(({ option }) => ![...FIRST, "missing"].includes(option));
  if (!rest.length) return null;
  const fields = rest.map((decision) => field(dataset, decision, reader));
  const missing = dataset.profile.columns.length && !dataset.example ? missingField(dataset, reader) : null;
  const title = t("decision.title", { count: rest.length });
  return h(
    "details",
    { class: "fold", id: "decisions" },
    h("summary", {}, title),
    h("div", { class: "fields" }, fields, missing),
  );
}

/** @param {Dataset} dataset @param {Decision} decision @param {Reader} reader */
function field({ example, profile }, decision, reader) {
  const id = `profile-${decision.option}`;
  const control = h("select", { id }, optionsOf(decision));
  control.value = decision.value;
  control.addEventListener("change", async () => {
    await read(reader, decision.option, control.value);
    control.value = decision.value;
  });
  if (example) control.disabled = true;
  else reader.disable(control);
  const isGuess = decision.is_guessed && !example;
  const hint = isGuess
    ? t("ui.profile.guessed")
    : t(FIRST.includes(decision.option) ? `decision.hint.${decision.option}` : "decision.certain");
  const shown = decision.examples.length
    ? ` ${t("decision.examples", { examples: decision.examples.join(" · ") })}`
    : "";
  const label = h("label", { for: id }, nameOf(decision.option));
  return h(
    "div",
    { class: "field", data: { option: decision.option, profile: profile.label ?? "" } },
    label,
    control,
    h("p", { class: "hint" }, hint + shown),
  );
}

/** The choices, with the value that is used among them. @param {Decision} decision */
function optionsOf(decision) {
  const every = decision.choices.includes(decision.value) ? decision.choices : [decision.value, ...decision.choices];
  return every.slice(0, MOST_CHOICES).map((value) => h("option", { value }, textOf(decision, value)));
}

/**
 * Further cells that mean that a value is missing, typed by the owner.
 * @param {Dataset} dataset @param {Reader} reader
 */
function missingField({ profile }, reader) {
  const before = /** @type {string[]} */ (profile.recipe.options.missing ?? []);
  const input = h("input", { id: "profile-missing", type: "text", value: before.join(", ") });
  input.addEventListener("change", () =>
    read(
      reader,
      "missing",
      input.value
        .split(/[,、，]/)
        .map((cell) => cell.trim())
        .filter(Boolean),
    ),
  );
  reader.disable(input);
  const label = h("label", { for: "profile-missing" }, t("decision.missing"));
  return h("div", { class: "field" }, label, input, h("p", { class: "hint" }, t("decision.hint.missing")));
}

/** @param {Reader} reader @param {string} option @param {string | string[]} value */
const read = (reader, option, value) => reader.read({ [option]: valueOf(option, value) }).catch(() => {});

/** An answer as the server takes it. @param {string} option @param {string | string[]} value */
function valueOf(option, value) {
  if (option === "header" || option === "vocabulary") return Number(value);
  return option === "missing" && !Array.isArray(value) ? [value] : value;
}

/** @param {Decision} decision @param {string} value */
const textOf = ({ option, examples }, value) => valueText(option, value, examples);

/** What was done to the content of a file, folded. @param {DataWarning[]} found */
export function notes(found) {
  if (!found.length) return null;
  const words = (/** @type {DataWarning} */ { code, params }) =>
    has(`warning.${code}`) ? t(`warning.${code}`, params) : code;
  return h(
    "details",
    { class: "fold", id: "notes" },
    h("summary", {}, t("ui.profile.notes", { count: found.length })),
    plainList(found.map(words)),
  );
}
