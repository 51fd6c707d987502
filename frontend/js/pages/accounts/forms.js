/** Parts that the pages of accounts share: a form that sends, a field, a page's head. */

import { fill, h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { errorNote } from "../../base/note.js";

/** @import { Child } from "../../../types/page.js" */

/**
 * A form with a button; while it is sent the button is off, and a refusal stands above it.
 * @param {string} name of the form in addresses of tests
 * @param {string} action text of the button
 * @param {HTMLElement[]} fields
 * @param {(values: Record<string, string>) => Promise<unknown>} send
 */
export function sendingForm(name, action, fields, send) {
  const answer = h("div", { "aria-live": "polite" });
  const button = h("button", { type: "submit", class: "button button-main" }, action);
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    fill(answer);
    try {
      await send(valuesOf(form));
    } catch (error) {
      fill(answer, errorNote(error));
    }
    button.disabled = false;
  };
  const form = h(
    "form",
    { class: "panel stack", data: { form: name }, on: { submit } },
    h("div", { class: "fields" }, fields),
    answer,
    h("div", { class: "row" }, button),
  );
  return form;
}

/** @param {HTMLFormElement} form @returns {Record<string, string>} */
function valuesOf(form) {
  const entries = [...new FormData(form)].map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}

/**
 * A labelled field.
 * @param {string} name also the end of its text `ui.account.field.…`
 * @param {Record<string, unknown>} [attributes] of the input
 */
export function field(name, attributes = {}) {
  const input = h("input", { id: `field-${name}`, name, type: "text", required: true, ...attributes });
  return h("div", { class: "field" }, h("label", { for: input.id }, t(`ui.account.field.${name}`)), input);
}

/** A labelled choice. @param {string} name @param {readonly (readonly [string, string])[]} choices values and texts */
export function choice(name, choices) {
  const select = h(
    "select",
    { id: `field-${name}`, name },
    choices.map(([value, words]) => h("option", { value }, words)),
  );
  return h("div", { class: "field" }, h("label", { for: select.id }, t(`ui.account.field.${name}`)), select);
}

/** @param {string} title @param {string} [lead] */
export const pageHead = (title, lead) =>
  h("header", { class: "page-head" }, h("h1", {}, title), lead ? h("p", { class: "lead" }, lead) : null);

/** A secret that is shown once, ready to be selected. @param {string} words @param {string} secret */
export const shownOnce = (words, secret) =>
  h(
    "div",
    { class: "note note-info", role: "status" },
    h(
      "div",
      { class: "note-body" },
      h("p", {}, words),
      h("code", { class: "command wrap", data: { secret: "" } }, secret),
    ),
  );

/** A small button for an action. @param {string} words @param {string} label @param {() => unknown} click */
export const smallButton = (words, label, click) =>
  h("button", { type: "button", class: "button button-quiet", "aria-label": label, on: { click } }, words);

/** @param {...Child} cells */
export const row = (...cells) =>
  h(
    "tr",
    {},
    cells.map((each) => h("td", {}, each)),
  );
