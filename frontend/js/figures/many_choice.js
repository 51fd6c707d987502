/** A list of which several entries can be chosen, as a fold of boxes; all of them as long as none is left out. */

import { h, say } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { query, remember } from "../base/router.js";
import { closeOnEscape } from "../focus/close_on_escape.js";

/** @typedef {{value: string, text: string}} Entry */
/** @typedef {{element: HTMLElement, values: () => string[]}} ManyChoice `values` is empty for all */

/**
 * @param {string} name in the address @param {Entry[]} entries
 * @param {string[]} [usual] what is chosen at first; all when left out
 * @returns {ManyChoice}
 */
export function manyChoice(name, entries, usual = []) {
  const wanted = query(name)?.split(",") ?? usual;
  const known = entries.filter(({ value }) => wanted.includes(value));
  const boxes = entries.map(({ value }) => box(value, known.length === 0 || known.some((one) => one.value === value)));
  const summary = h("summary", {});
  const values = () => chosen(boxes);
  const label = () => say(summary, summaryOf(entries, values()));
  const keepOne = (/** @type {Event} */ event) => {
    if (!boxes.some(({ checked }) => checked)) toggle(event.target);
  };
  const note = () => {
    label();
    const text = values().join(",");
    remember({ [name]: text === usual.join(",") ? null : text || "all" });
  };
  label();
  const rows = entries.map(({ text }, index) => h("label", { class: "choice-row" }, boxes[index], " ", text));
  const element = h(
    "details",
    { class: "many-choice", id: `show-${name}` },
    summary,
    h("div", { class: "many" }, rows),
  );
  element.addEventListener("change", keepOne);
  element.addEventListener("change", note);
  closeOnEscape(element, summary);
  return { element, values };
}

/** @param {string} value @param {boolean} isChecked */
function box(value, isChecked) {
  const made = h("input", { type: "checkbox", value });
  made.checked = isChecked;
  return made;
}

/** The last box cannot be cleared: a figure of nothing shows nothing. @param {EventTarget | null} target */
function toggle(target) {
  if (target instanceof HTMLInputElement) target.checked = true;
}

/** @param {HTMLInputElement[]} boxes */
function chosen(boxes) {
  const checked = boxes.filter((one) => one.checked).map((one) => one.value);
  return checked.length === boxes.length ? [] : checked;
}

/** @param {Entry[]} entries @param {string[]} values */
function summaryOf(entries, values) {
  if (values.length === 0) return t("ui.figure.all", { count: entries.length });
  const texts = entries.filter(({ value }) => values.includes(value)).map(({ text }) => text);
  return texts.length <= 3 ? texts.join(", ") : t("ui.figure.some", { count: texts.length, total: entries.length });
}
