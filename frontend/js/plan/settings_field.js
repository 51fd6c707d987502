/** One setting: a field whose placeholder, or first entry, says what holds when nothing is set. */

import { h } from "../base/dom.js";
import { has, t } from "../base/i18n.js";
import { contextOf, shownValue } from "./plan_request.js";
import { ADAPTED, familyOf, networkOf } from "./brought/brought_choice.js";
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
  const { control, propose } = values.length ? choiceControl(id, field, values) : textControl(id, field.kind);
  control.value = texts[field.name] ?? "";
  control.addEventListener("change", () => {
    texts[field.name] = control.value;
    onChange();
  });
  const label = h("label", { for: id }, t(`ui.settings.${field.name}`));
  const element = h("div", { class: "field" }, label, control);
  const update = (/** @type {Spec | undefined} */ spec) => {
    const context = contextOf(texts, spec);
    element.hidden = !matters(field, context);
    label.textContent = t(nameOf(field.name, context.family));
    const value = spec && shownValue(field, spec);
    if (value !== undefined && value !== null) propose(value);
  };
  const read = () => {
    control.value = texts[field.name] ?? "";
  };
  return { name: field.name, element, update, read };
}

/** The key of a setting's name; of adapters, a size is a rank. @param {string} name @param {string} family */
function nameOf(name, family) {
  const key = `ui.settings.${name}`;
  return family === ADAPTED && has(`${key}.rank`) ? `${key}.rank` : key;
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

/** A line whose placeholder is what the server proposes. @param {string} id @param {string} kind of the setting */
function textControl(id, kind) {
  const areTexts = kind === "texts";
  const control = h("input", { type: "text", id, inputmode: areTexts ? "text" : "decimal", autocomplete: "off" });
  const propose = (/** @type {unknown} */ value) => {
    control.placeholder = [value]
      .flat()
      .map(areTexts ? String : plain)
      .join(", ");
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
    if (name === null) return t(`ui.family.${value}`);
    return t(familyOf(value) === ADAPTED ? "ui.brought.family_adapted" : "ui.brought.family", { name });
  },
};

/** One of a setting's values in words. @param {Field} field @param {string} value */
export const valueWords = ({ name }, value) => WORDS[name]?.(value) ?? t(`ui.settings.value.${value}`);

const plain = (/** @type {unknown} */ value) => String(Number(Number(value).toPrecision(3)));
