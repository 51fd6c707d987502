/** Fields of what an hour costs, kept in the browser for every experiment. */

import { h } from "../base/dom.js";
import { rateOf, rates, setRates } from "../base/hourly_rates.js";
import { t } from "../base/i18n.js";
import { valuesOfSetting } from "../base/options.js";

/** @param {string} id @param {"rate_per_hour" | "staff_rate"} name */
export function rateField(id, name) {
  const value = rates()[name] ?? "";
  const attributes = { type: "text", id: `${id}-${name}`, inputmode: "decimal", autocomplete: "off", value };
  const input = h("input", { ...attributes, placeholder: t("ui.rate.none") });
  input.addEventListener("change", () => setRates({ [name]: rateOf(input.value) }));
  return h("div", { class: "field" }, h("label", { for: input.id }, t(`ui.savings.${name}`)), input);
}

/** @param {string} id @param {() => void} onChange */
export function currencyField(id, onChange) {
  const names = valuesOfSetting("budget.currency").map((name) =>
    h("option", { value: name }, t(`ui.currency.${name}`)),
  );
  const input = h("select", { id: `${id}-currency` }, names);
  input.value = rates().currency;
  input.addEventListener("change", () => {
    setRates({ currency: input.value });
    onChange();
  });
  return h("div", { class: "field" }, h("label", { for: input.id }, t("ui.rate.currency")), input);
}
