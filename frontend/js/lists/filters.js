/** The search field and the choices above a list; each change is in the address at once. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";

/** @import { View } from "./address.js" */
/** @typedef {readonly [string | null, string]} Option a value and its words; words without a value are not offered */
/** @typedef {{name: string, label: string, options: Option[], more?: Promise<Option[]>}} Choice `more` come later */

const REST_MILLISECONDS = 250;

/**
 * @param {string} label @param {Choice[]} choices @param {() => View} view
 * @param {(change: View) => void} onChange
 */
export function filters(label, choices, view, onChange) {
  const selects = choices.map((choice) => select(choice, view, onChange));
  const search = searchField(label, view, onChange);
  const update = () => [search, ...selects].forEach(({ update: each }) => each());
  return {
    element: h(
      "form",
      { class: "filters", role: "search", on: { submit: (event) => event.preventDefault() } },
      search.element,
      selects.map(({ element }) => element),
    ),
    update,
  };
}

/** @param {string} label @param {() => View} view @param {(change: View) => void} onChange */
function searchField(label, view, onChange) {
  let timer = 0;
  const field = h("input", {
    type: "search",
    id: "list-search",
    autocomplete: "off",
    maxlength: 200,
    value: view().q ?? "",
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = 0;
      onChange({ q: field.value.trim() });
    }, REST_MILLISECONDS);
  });
  // What is being typed is left alone; Back and Forward bring another search.
  const update = () => {
    const sought = view().q ?? "";
    if (timer === 0 && field.value.trim() !== sought) field.value = sought;
  };
  return {
    element: h("div", { class: "control filter-search" }, h("label", { for: field.id }, label), field),
    update,
  };
}

/** @param {Choice} choice @param {() => View} view @param {(change: View) => void} onChange */
function select({ name, label, options, more }, view, onChange) {
  const field = h("select", { id: `list-${name}` }, options.map(entry));
  const update = () => (field.value = view()[name] ?? options[0][0] ?? "");
  update();
  // What the address asks for may be known only then; without them the list is shown all the same.
  more?.then(
    (others) => {
      field.append(...others.map(entry));
      update();
    },
    () => {},
  );
  field.addEventListener("change", () => onChange({ [name]: field.value }));
  return { element: h("div", { class: "control" }, h("label", { for: field.id }, label), field), update };
}

/** @param {Option} option */
const entry = ([value, text]) => h("option", { value: value ?? text, disabled: value === null }, text);

/** The first entry of a choice that narrows nothing. @returns {Option} */
export const anyOption = () => ["", t("ui.list.any")];
