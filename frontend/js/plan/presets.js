/** The three presets as cards: what each takes here, what it costs, and what it can conclude. */

import { isAbort, post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { about, money, number, percent } from "../base/format.js";
import { rateOf, rates, setRates } from "../base/hourly_rates.js";
import { t } from "../base/i18n.js";
import { note } from "../base/note.js";
import { valuesOfSetting } from "../base/options.js";
import { presetBudget } from "./preset_budget.js";

/** @import { Preset } from "../../types/answers.js" */
/** @import { PlanChoices } from "../../types/page.js" */
/** @import { Values } from "./plan_request.js" */

/**
 * @param {PlanChoices} choices changed in place @param {() => void} onChange
 * @param {() => Values} wishes the request for a plan
 */
export function presets(choices, onChange, wishes) {
  const cards = new Map(valuesOfSetting("preset").map((name) => [name, card(name, choices, onChange)]));
  const warning = h("div", {});
  const show = () => {
    choices.presets?.presets.forEach((found) => cards.get(found.preset)?.show(found));
    const chosen = choices.presets?.presets.find(({ preset }) => preset === choices.preset);
    fill(warning, chosen && neverConfirms(chosen) ? note("warn", t("ui.plan.cannot_confirm")) : null);
  };
  const refresh = async (/** @type {AbortSignal} */ signal) => {
    const { rate_per_hour, currency } = rates();
    try {
      const { preset: _, ...others } = wishes();
      choices.presets = await post("/plans/presets", { ...others, rate_per_hour, currency }, { signal });
      show();
    } catch (error) {
      if (!isAbort(error)) cards.forEach((each) => each.clear()); // the plan itself says what is wrong
    }
  };
  show();
  const legend = h("legend", { class: "visually-hidden" }, t("ui.preset.title"));
  const elements = [...cards.values()].map((each) => each.element);
  const element = [
    h("fieldset", { class: "presets presets-rows" }, legend, elements),
    rateFields(onChange),
    presetBudget(choices.budget, onChange),
  ];
  return { element, warning, refresh };
}

/** @param {string} name @param {PlanChoices} choices @param {() => void} onChange */
function card(name, choices, onChange) {
  const input = h("input", { type: "radio", name: "preset", value: name, id: `preset-${name}` });
  input.checked = choices.preset === name;
  input.addEventListener("change", () => {
    choices.preset = name;
    onChange();
  });
  const facts = h("span", { class: "preset-facts" });
  const says = h("ul", { class: "preset-says" });
  const title = h("span", { class: "preset-name" }, t(`ui.preset.${name}`));
  return {
    element: h(
      "label",
      { class: "preset", for: input.id },
      input,
      h("span", { class: "preset-head" }, title, facts),
      says,
    ),
    clear: () => [facts, says].forEach((part) => fill(part)),
    show: (/** @type {Preset} */ found) => {
      fill(facts, factsOf(found));
      fill(says, overBudget(found), conclusions(found));
    },
  };
}

/** Time, money and the most it may take. @param {Preset} found */
function factsOf({ expected, most }) {
  const { money: price, currency } = expected;
  const limits = t("ui.preset.most", { time: about(most.wall_seconds), runs: number(expected.num_runs) });
  return [
    h("strong", {}, about(expected.wall_seconds)),
    price === null || !currency ? null : h("span", { class: "preset-money" }, money(price, currency)),
    h("span", { class: "hint" }, limits),
  ];
}

/** How much of the plan the budget allows, where it does not allow all of it. @param {Preset} found */
function overBudget({ limit_seconds: limit, expected }) {
  const share = (limit ?? Infinity) / expected.slot_seconds;
  if (!(share < 1)) return null;
  return h("li", { class: "preset-over" }, t("ui.preset_budget.over", { share: percent(share) }));
}

/** Whether a plan could only say no: its reader is told at the button. @param {Pick<Preset, "conclusions">} found */
export const neverConfirms = ({ conclusions: found }) => found.some(({ code }) => code === "cannot_confirm");

/** @param {Preset} found */
const conclusions = ({ conclusions: found }) =>
  found.map(({ code, params }) => h("li", {}, t(`conclusion.${code}`, params)));

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
  const names = valuesOfSetting("budget.currency").map((name) =>
    h("option", { value: name }, t(`ui.currency.${name}`)),
  );
  const currency = h("select", { id: "rate-currency", "aria-label": t("ui.rate.currency") }, names);
  currency.value = now.currency;
  const changed = () => {
    setRates({ rate_per_hour: rateOf(rate.value), currency: currency.value });
    onChange();
  };
  rate.addEventListener("change", changed);
  currency.addEventListener("change", changed);
  return h("div", { class: "rate" }, h("label", { for: "rate" }, t("ui.rate.label")), rate, currency);
}
