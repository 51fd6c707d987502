/** Name, notes and tags of an experiment: as they are, and a form to change them. */

import { ApiError, get, patch } from "../base/api.js";
import { fill, h, icon } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { ICONS } from "../base/icons.js";
import { errorNote } from "../base/note.js";
import { tagChips } from "./tag_chips.js";
import { tagsOf } from "./tags.js";

/** @import { Experiment } from "../../types/answers.js" */

const SEPARATOR = ", ";

/**
 * @param {Experiment} experiment changed in place @param {(experiment: Experiment) => void} onChange
 * @param {AbortSignal} signal
 * @returns {HTMLElement} a heading with what is noted below it
 */
export function labels(experiment, onChange, signal) {
  const element = h("div", { class: "labels" });
  const path = `/experiments/${experiment.id}`;
  const take = (/** @type {Experiment} */ found) => {
    onChange(found);
    show();
    focusOn(element, "button");
  };
  const show = () => fill(element, shown(experiment, edit));
  const edit = () => {
    const { edition } = experiment; // as the form shows it; live updates renew the experiment meanwhile
    const save = (/** @type {object} */ body) => patch(path, body, { signal, edition }).then(take);
    const readAgain = async () => take(await get(path, signal));
    fill(element, form(experiment, { save, readAgain, cancel: leave }, signal));
    focusOn(element, "input");
  };
  const leave = () => {
    show();
    focusOn(element, "button");
  };
  show();
  return element;
}

/** @param {HTMLElement} element @param {string} selector */
const focusOn = (element, selector) => /** @type {HTMLElement | null} */ (element.querySelector(selector))?.focus();

/** @param {Experiment} experiment @param {() => void} edit */
function shown({ name, notes, tags }, edit) {
  const button = h(
    "button",
    { type: "button", class: "button button-quiet button-small", data: { action: "label" }, on: { click: edit } },
    icon(ICONS.edit),
    t("ui.labels.edit"),
  );
  return [
    h("div", { class: "labels-title" }, h("h1", { class: "wrap" }, name), button),
    tags.length ? tagChips(tags) : null,
    notes ? h("p", { class: "labels-notes wrap" }, notes) : null,
  ];
}

/**
 * @typedef {{save: (body: object) => Promise<unknown>, readAgain: () => Promise<void>, cancel: () => void}} FormActs
 * @param {Experiment} experiment @param {FormActs} acts @param {AbortSignal} signal
 */
function form(experiment, { save, readAgain, cancel }, signal) {
  const { name, notes, tags } = inputs(experiment);
  const problem = h("div", {});
  const fail = (/** @type {unknown} */ error) => signal.aborted || fill(problem, errorNote(error));
  const click = () => readAgain().catch(fail);
  const again = h("button", { type: "button", class: "button", on: { click } }, t("ui.labels.read_again"));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await save({ name: name.value, notes: notes.value, tags: tagsOf(tags.value) });
    } catch (error) {
      if (signal.aborted) return;
      const isChanged = error instanceof ApiError && error.status === 412;
      fill(problem, errorNote(error, isChanged && again));
    }
  };
  const keys = (/** @type {Event} */ event) => {
    // While Japanese is being converted, Escape belongs to the conversion.
    if (!(event instanceof KeyboardEvent) || event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    cancel();
  };
  return h(
    "form",
    { class: "labels-form", on: { submit, keydown: keys } },
    h("h1", { class: "visually-hidden" }, experiment.name),
    field("name", name),
    field("tags", tags, h("p", { class: "hint", id: "label-tags-hint" }, t("ui.labels.tags_hint"))),
    field("notes", notes),
    problem,
    h(
      "div",
      { class: "row" },
      h("button", { type: "submit", class: "button button-main" }, t("ui.labels.save")),
      h("button", { type: "button", class: "button", on: { click: cancel } }, t("ui.labels.cancel")),
    ),
  );
}

/** @param {Experiment} experiment */
function inputs({ name, notes, tags }) {
  const plain = { type: "text", autocomplete: "off" };
  const tagField = { "aria-describedby": "label-tags-hint", value: tags.join(SEPARATOR) };
  return {
    name: h("input", { ...plain, id: "label-name", required: true, maxlength: 200, value: name }),
    notes: h("textarea", { id: "label-notes", rows: 4, maxlength: 10_000, value: notes }),
    tags: h("input", { ...plain, id: "label-tags", ...tagField }),
  };
}

/** @param {string} name @param {HTMLElement} input @param {HTMLElement} [hint] */
const field = (name, input, hint) =>
  h("div", { class: "control" }, h("label", { for: input.id }, t(`ui.labels.${name}`)), input, hint);
