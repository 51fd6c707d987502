/** What this study saved against tuning at the target; every assumption can be changed. Read when it is opened. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { duration, factor, figure, money, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { CURRENCIES, rateOf, rates, setRates } from "../base/hourly_rates.js";
import { errorNote, note } from "../base/note.js";

const ASSUMED = ["target_width", "num_lrs", "num_seeds", "hours_per_run", "poc_hours", "rate_per_hour", "staff_rate"];
const KEPT = ["rate_per_hour", "staff_rate"];

/** @param {any} experiment @param {AbortSignal} signal */
export function savings(experiment, signal) {
  const result = h("div", { class: "stack", "aria-live": "polite" });
  const texts = {};
  const fields = ASSUMED.map((name) => field(name, texts, () => read()));
  const currency = currencyField(() => read());
  const box = h(
    "details",
    { class: "fold", id: "savings" },
    h("summary", {}, t("ui.savings.title")),
    result,
    h("h3", {}, t("ui.savings.assumed")),
    h("p", { class: "hint" }, t("ui.savings.assumed_hint")),
    h(
      "div",
      { class: "fields" },
      fields.map((each) => each.element),
      currency,
    ),
  );
  const read = async () => {
    if (!box.open) return;
    const query = new URLSearchParams({ currency: rates().currency });
    for (const name of ASSUMED) {
      const value = KEPT.includes(name) ? rates()[name] : rateOf(texts[name] ?? "");
      if (value !== null) query.set(name, String(value));
    }
    try {
      const found = await get(`/experiments/${experiment.id}/savings?${query}`, signal);
      fields.forEach((each) => each.show(found.assumptions));
      fill(result, answer(found));
    } catch (error) {
      if (!isAbort(error)) fill(result, errorNote(error));
    }
  };
  box.addEventListener("toggle", read);
  return { element: box, refresh: read };
}

function field(name, texts, onChange) {
  const isKept = KEPT.includes(name);
  const input = h("input", {
    type: "text",
    id: `savings-${name}`,
    inputmode: "decimal",
    autocomplete: "off",
    value: (isKept ? rates()[name] : null) ?? "",
  });
  input.addEventListener("change", () => {
    if (isKept) setRates({ [name]: rateOf(input.value) });
    else texts[name] = input.value;
    onChange();
  });
  const show = (assumptions) =>
    (input.placeholder = assumptions[name] === null ? t("ui.rate.none") : String(assumptions[name]));
  return { element: h("div", { class: "field" }, h("label", { for: input.id }, t(`ui.savings.${name}`)), input), show };
}

function currencyField(onChange) {
  const input = h(
    "select",
    { id: "savings-currency" },
    CURRENCIES.map((name) => h("option", { value: name }, t(`ui.currency.${name}`))),
  );
  input.value = rates().currency;
  input.addEventListener("change", () => {
    setRates({ currency: input.value });
    onChange();
  });
  return h("div", { class: "field" }, h("label", { for: input.id }, t("ui.rate.currency")), input);
}

function answer({ assumptions, direct, spent, saved, is_saving, is_final, device_ratio, gains }) {
  const hasMoney = direct.money !== null;
  const heads = ["device", "staff", ...(hasMoney ? ["money"] : [])];
  const row = (name, expense) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, t(`ui.savings.${name}`)),
      [
        signed(expense.device_hours),
        signed(expense.staff_hours),
        ...(hasMoney ? [money(expense.money, assumptions.currency)] : []),
      ].map((value) => h("td", { class: "number" }, value)),
    );
  return [
    note(
      is_saving === false ? "warn" : "info",
      t(sentence(is_saving, device_ratio), {
        factor: device_ratio === null ? "–" : factor(device_ratio),
        hours: signed(saved.staff_hours),
      }),
    ),
    is_final ? null : h("p", { class: "hint" }, t("ui.savings.not_final")),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": t("ui.savings.title") },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("td", {}),
            heads.map((name) => h("th", { scope: "col" }, t(`ui.savings.head.${name}`))),
          ),
        ),
        h("tbody", {}, row("direct", direct), row("spent", spent), row("saved", saved)),
      ),
    ),
    gains.map(gainWords),
  ];
}

const signed = (hours) => (hours < 0 ? "−" : "") + duration(Math.abs(hours) * 3600);

/** Device time and money may disagree: then both are said. Without rates nobody can tell which weighs more. */
function sentence(isSaving, ratio) {
  if (isSaving === null) return "ui.savings.undecided";
  if (!isSaving) return "ui.savings.costs_more";
  return ratio !== null && ratio < 1 ? "ui.savings.saves_staff" : "ui.savings.saves";
}

/** Shares are read as percentages. */
const metricFormat = (metric) =>
  metric === "val_accuracy" ? (value) => number(value, { style: "percent", maximumFractionDigits: 1 }) : figure;

function gainWords({ metric, base_width, width, base_value, value, gain, more_device_hours }) {
  const shown = metricFormat(metric);
  const params = {
    metric: t(`ui.savings.metric.${metric}`),
    base: number(base_width, { useGrouping: false }),
    target: number(width, { useGrouping: false }),
    before: shown(base_value),
    after: shown(value),
  };
  const per = more_device_hours > 0 ? t("ui.savings.price_of_it", { time: duration(more_device_hours * 3600) }) : "";
  return h("p", {}, t(gain > 0 ? "ui.savings.better" : "ui.savings.not_better", params), gain > 0 ? per : "");
}
