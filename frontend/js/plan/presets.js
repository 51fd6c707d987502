/** The three presets as cards: what each takes here, what it costs, and what it can conclude. */

import { isAbort, post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { about, money, number, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { PRESETS } from "./plan_request.js";
import { limitSeconds } from "./budget.js";
import { CURRENCIES, rateOf, rates, setRates } from "../base/hourly_rates.js";
import { presetBudget } from "./preset_budget.js";

/**
 * @param {any} choices {preset, presets}, changed in place @param {() => void} onChange
 * @param {() => any} wishes the request without a preset
 */
export function presets(choices, onChange, wishes) {
  const cards = new Map(valuesOfSetting("preset").map((name) => [name, card(name, choices, onChange)]));
  const show = () => choices.presets?.presets.forEach((found) => cards.get(found.preset).show(found));
  /** @param {AbortSignal} signal */
  const refresh = async (signal) => {
    const { rate_per_hour, currency } = rates();
    try {
      const { preset: _, ...rest } = wishes();
      choices.presets = await post("/plans/presets", { ...rest, rate_per_hour, currency }, { signal });
      show();
    } catch (error) {
      if (!isAbort(error)) cards.forEach((each) => each.clear()); // the plan itself says what is wrong
    }
  };
  show();
  const element = [
    h(
      "fieldset",
      { class: "presets" },
      h("legend", { class: "visually-hidden" }, t("ui.preset.title")),
      [...cards.values()].map((each) => each.element),
    ),
    rateFields(onChange),
    presetBudget(choices, onChange),
  ];
  return { element, refresh };
}

function card(name, choices, onChange) {
  const input = h("input", { type: "radio", name: "preset", value: name, id: `preset-${name}` });
  input.checked = choices.preset === name;
  input.addEventListener("change", () => {
    choices.preset = name;
    onChange();
  });
  const facts = h("span", { class: "preset-facts" });
  const says = h("ul", { class: "preset-says" });
  const element = h(
    "label",
    { class: "preset", for: input.id },
    input,
    h("span", { class: "preset-name" }, t(`ui.preset.${name}`)),
    facts,
    says,
  );
  return {
    element,
    clear: () => (fill(facts), fill(says)),
    show: ({ expected, most, conclusions, spec }) => {
      const share = limitSeconds(spec.budget) / expected.slot_seconds;
      const over =
        share < 1 ? [h("li", { class: "preset-over" }, t("ui.preset_budget.over", { share: percent(share) }))] : [];
      fill(
        facts,
        h("strong", {}, about(expected.wall_seconds)),
        expected.money === null ? null : h("span", { class: "preset-money" }, money(expected.money, expected.currency)),
        h(
          "span",
          { class: "hint" },
          t("ui.preset.most", { time: about(most.wall_seconds), runs: number(expected.num_runs) }),
        ),
      );
      fill(
        says,
        over,
        conclusions.map(({ code, params }) => h("li", {}, t(`conclusion.${code}`, params))),
      );
    },
  };
}

/** What an hour of one core or GPU costs; remembered in this browser. @param {() => void} onChange */
function rateFields(onChange) {
  const now = rates();
  const rate = h("input", {
    type: "text",
    id: "rate",
    inputmode: "decimal",
    autocomplete: "off",
    value: now.rate_per_hour ?? "",
    placeholder: t("ui.rate.none"),
  });
  const currency = h(
    "select",
    { id: "rate-currency", "aria-label": t("ui.rate.currency") },
    CURRENCIES.map((name) => h("option", { value: name }, t(`ui.currency.${name}`))),
  );
  currency.value = now.currency;
  const changed = () => {
    setRates({ rate_per_hour: rateOf(rate.value), currency: currency.value });
    onChange();
  };
  rate.addEventListener("change", changed);
  currency.addEventListener("change", changed);
  return h("div", { class: "rate" }, h("label", { for: "rate" }, t("ui.rate.label")), rate, currency);
}
