/** What is wrong with a plan, said beside the fields it came from and in the words of their labels. */

import { ApiError } from "../base/api.js";
import { h } from "../base/dom.js";
import { language } from "../base/i18n.js";

/** @typedef {{field: string, message: string}} Wrong as the server names a field, such as `widths[0]` */

const MARKED = "[aria-invalid]";

/** The setting that a field of a request belongs to. @param {string} field */
export const settingOf = (field) => field.replace(/\[\d+\].*$/, "");

/** A message with the label in place of the field's name. @param {Wrong} wrong @param {string} label */
export const inWords = ({ field, message }, label) =>
  message.replace(`「${field}」`, `「${label}」`).replace(`“${field}”`, `“${label}”`);

/**
 * Mark the controls that hold what the server refused, and no others.
 * @param {HTMLElement} root @param {unknown} error null for none
 * @returns {unknown} the error as it is to be told, in the words of the form
 */
export function markWrong(root, error) {
  for (const marked of root.querySelectorAll(MARKED)) unmark(marked);
  if (!(error instanceof ApiError)) return error;
  const told = error.errors.map((wrong) => markOne(root, wrong));
  if (told.length === 0) return error;
  const gap = language() === "ja" ? "" : " ";
  return new ApiError(error.status, error.code, told.join(gap), error.params, error.errors);
}

/** @param {HTMLElement} root @param {Wrong} wrong @returns {string} its message */
function markOne(root, wrong) {
  const control = root.querySelector(`#set-${CSS.escape(settingOf(wrong.field).replaceAll(".", "-"))}`);
  if (!control) return wrong.message;
  const message = inWords(wrong, root.querySelector(`label[for="${control.id}"]`)?.textContent ?? wrong.field);
  if (control.hasAttribute("aria-invalid")) return message;
  const note = h("p", { class: "field-problem", id: `${control.id}-problem` }, message);
  control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-describedby", note.id);
  control.after(note);
  return message;
}

/** @param {Element} control */
function unmark(control) {
  control.removeAttribute("aria-invalid");
  control.removeAttribute("aria-describedby");
  control.parentElement?.querySelector(".field-problem")?.remove();
}
