/** One setting: a field whose placeholder, or first entry, says what holds when nothing is set. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { contextOf, shownValue } from "./plan_request.js";

/**
 * @param {any} field of `settings_fields.js`, described @param {any} texts the settings so far, changed in place
 * @param {() => void} onChange
 */
export function settingsField(field, texts, onChange) {
  const id = `set-${field.name.replaceAll(".", "-")}`;
  const proposal = h("option", { value: "" }, t("ui.settings.proposal"));
  const control =
    field.kind === "choice"
      ? h(
          "select",
          { id },
          proposal,
          field.values.map((value) => h("option", { value }, wordOf(field, value))),
        )
      : h("input", { type: "text", id, inputmode: "decimal", autocomplete: "off" });
  control.value = texts[field.name] ?? "";
  control.addEventListener("change", () => {
    texts[field.name] = control.value;
    onChange();
  });
  const element = h("div", { class: "field" }, h("label", { for: id }, t(`ui.settings.${field.name}`)), control);
  const update = (/** @type {any} */ spec) => {
    element.hidden = !matters(field, contextOf(texts, spec));
    const value = spec && shownValue(field, spec);
    if (value === undefined || value === null) return;
    if (isChoice) proposal.textContent = t("ui.settings.proposal_is", { value: wordOf(field, value) });
    else control.placeholder = [value].flat().map(plain).join(", ");
  };
  return { element, update };
}

/** Values that have a name of their own; the others are yes, no and rules. */
const WORDS = {
  loss: (value) => t(`ui.loss.${value}`),
  "optimizer.kind": (value) => t(`ui.optimizer.${value}`),
  "model.family": (value) => t(`ui.family.${value}`),
};
const wordOf = ({ name }, value) => WORDS[name]?.(value) ?? t(`ui.settings.value.${value}`);

const plain = (value) => String(Number(value.toPrecision(3)));
