/** One setting: a field whose placeholder, or first entry, says what holds when nothing is set. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { contextOf, shownValue } from "./plan_request.js";
import { networkOf } from "./brought/brought_choice.js";
import { matters } from "./settings_fields.js";

/** @import { Spec } from "../../types/answers.js" */
/** @import { SettingTexts } from "../../types/page.js" */
/** @import { Field } from "./settings_fields.js" */

const YES_NO = ["true", "false"];

/**
 * @param {Field} field @param {SettingTexts} texts the settings so far, changed in place @param {() => void} onChange
 */
export function settingsField(field, texts, onChange) {
  const id = `set-${field.name.replaceAll(".", "-")}`;
  const values = field.kind === "yes_no" ? YES_NO : field.values;
  const { control, propose } = values.length ? choiceControl(id, field, values) : textControl(id);
  control.value = texts[field.name] ?? "";
  control.addEventListener("change", () => {
    texts[field.name] = control.value;
    onChange();
  });
  const element = h("div", { class: "field" }, h("label", { for: id }, t(`ui.settings.${field.name}`)), control);
  const update = (/** @type {Spec | undefined} */ spec) => {
    element.hidden = !matters(field, contextOf(texts, spec));
    const value = spec && shownValue(field, spec);
    if (value !== undefined && value !== null) propose(value);
  };
  const read = () => {
    control.value = texts[field.name] ?? "";
  };
  return { name: field.name, element, update, read };
}

/**
 * A list whose first entry is what the server proposes.
 * @param {string} id @param {Field} field @param {string[]} values
 */
function choiceControl(id, field, values) {
  const proposal = h("option", { value: "" }, t("ui.settings.proposal"));
  const entries = values.map((value) => h("option", { value }, valueWords(field, value)));
  return {
    control: h("select", { id }, proposal, entries),
    propose: (/** @type {unknown} */ value) => {
      proposal.textContent = t("ui.settings.proposal_is", { value: valueWords(field, String(value)) });
    },
  };
}

/** A line whose placeholder is what the server proposes. @param {string} id */
function textControl(id) {
  const control = h("input", { type: "text", id, inputmode: "decimal", autocomplete: "off" });
  const propose = (/** @type {unknown} */ value) => {
    control.placeholder = [value].flat().map(plain).join(", ");
  };
  return { control, propose };
}

/**
 * Values that have a name of their own; the others are yes, no and rules.
 * @type {Record<string, (value: string) => string>}
 */
const WORDS = {
  loss: (value) => t(`ui.loss.${value}`),
  "optimizer.kind": (value) => t(`ui.optimizer.${value}`),
  "model.family": (value) => {
    const name = networkOf(value);
    return name === null ? t(`ui.family.${value}`) : t("ui.brought.family", { name });
  },
};

/** One of a setting's values in words. @param {Field} field @param {string} value */
export const valueWords = ({ name }, value) => WORDS[name]?.(value) ?? t(`ui.settings.value.${value}`);

const plain = (/** @type {unknown} */ value) => String(Number(Number(value).toPrecision(3)));
