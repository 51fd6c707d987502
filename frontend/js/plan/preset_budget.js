/** What a ready-made plan may spend at most: device time, money at the rate per hour, or both. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";

const FIELDS = ["hours", "money"];

/** @param {any} choices {budget: {hours, money}}, changed in place, as written @param {() => void} onChange */
export function presetBudget(choices, onChange) {
  const texts = (choices.budget ??= {});
  const field = (/** @type {string} */ name) => {
    const id = `preset-budget-${name}`;
    const input = h("input", {
      type: "text",
      id,
      inputmode: "decimal",
      autocomplete: "off",
      value: texts[name] ?? "",
      placeholder: t("ui.preset_budget.none"),
      "aria-describedby": "preset-budget-hint",
    });
    input.addEventListener("change", () => {
      texts[name] = input.value;
      onChange();
    });
    return [h("label", { for: id }, t(`ui.preset_budget.${name}`)), input];
  };
  return h(
    "fieldset",
    { class: "preset-budget" },
    h("legend", {}, t("ui.preset_budget.title")),
    h("div", { class: "rate" }, FIELDS.flatMap(field)),
    h("p", { class: "hint", id: "preset-budget-hint" }, t("ui.preset_budget.hint")),
  );
}
