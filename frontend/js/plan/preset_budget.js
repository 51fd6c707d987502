/** What a ready-made plan may spend at most: device time, money at the rate per hour, or both. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";

/** @import { PlanChoices } from "../../types/page.js" */

const FIELDS = /** @type {const} */ (["hours", "money"]);

/** @param {PlanChoices["budget"]} texts as written, changed in place @param {() => void} onChange */
export function presetBudget(texts, onChange) {
  return h(
    "fieldset",
    { class: "preset-budget" },
    h("legend", {}, t("ui.preset_budget.title")),
    h(
      "div",
      { class: "rate" },
      FIELDS.map((name) => field(name, texts, onChange)),
    ),
    h("p", { class: "hint", id: "preset-budget-hint" }, t("ui.preset_budget.hint")),
  );
}

/** @param {(typeof FIELDS)[number]} name @param {PlanChoices["budget"]} texts @param {() => void} onChange */
function field(name, texts, onChange) {
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
  return h("div", { class: "rate-pair" }, h("label", { for: id }, t(`ui.preset_budget.${name}`)), input);
}
