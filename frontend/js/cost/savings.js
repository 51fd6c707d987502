/** What this study saved against tuning at the target; every assumption can be changed. Read when it is opened. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { rateOf, rates, setRates } from "../base/hourly_rates.js";
import { currencyField } from "./rate_fields.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { savingsAnswer } from "./savings_answer.js";

/** @import { Experiment, Savings } from "../../types/answers.js" */
/** @import { Refreshing } from "../../types/page.js" */
/** @typedef {keyof Savings["assumptions"]} Name */
/** @typedef {Partial<Record<Name, string>>} Texts as written */

/** @type {Name[]} */
const ASSUMED = ["target_width", "num_lrs", "num_seeds", "hours_per_run", "poc_hours", "rate_per_hour", "staff_rate"];

/**
 * Assumptions by experiment, as long as this page is open: they outlive another language, level or tab.
 * @type {Map<string, Texts>}
 */
const written = new Map();

/** Rates are remembered in this browser. @param {Name} name @returns {name is "rate_per_hour" | "staff_rate"} */
const isRate = (name) => name === "rate_per_hour" || name === "staff_rate";

/**
 * The fold, and what it is reckoned with: the report uses the same.
 * @param {Experiment} experiment @param {AbortSignal} signal
 * @returns {Refreshing & {query: () => URLSearchParams}}
 */
export function savings(experiment, signal) {
  const result = h("div", { class: "stack", "aria-live": "polite" });
  const texts = written.get(experiment.id) ?? {};
  written.set(experiment.id, texts);
  const read = async () => {
    if (!box.open) return;
    try {
      /** @type {Savings} */
      const found = await get(`/experiments/${experiment.id}/savings?${queryOf(texts)}`, signal);
      fields.forEach((each) => each.show(found.assumptions));
      const log = experiment.is_log_label ? h("p", { class: "hint" }, t("ui.verdict.log_label")) : null;
      fill(result, savingsAnswer(found), log);
    } catch (error) {
      if (!isAbort(error)) fill(result, errorNote(error));
    }
  };
  const fields = ASSUMED.map((name) => field(name, texts, read));
  const controls = [...fields.map((each) => each.element), currencyField("savings", read)];
  const box = fold(result, controls);
  box.addEventListener("toggle", read);
  return { element: box, refresh: read, query: () => queryOf(texts) };
}

/** @param {HTMLElement} result @param {HTMLElement[]} controls */
const fold = (result, controls) =>
  h(
    "details",
    { class: "fold", id: "savings" },
    h("summary", {}, t("ui.savings.title")),
    result,
    h("h3", {}, t("ui.savings.assumed")),
    h("p", { class: "hint" }, t("ui.savings.assumed_hint")),
    h("div", { class: "fields" }, controls),
  );

/** What was assumed by hand; the rest is the server's own choice. @param {Texts} texts */
function queryOf(texts) {
  const kept = rates();
  const query = new URLSearchParams({ currency: kept.currency });
  for (const name of ASSUMED) {
    const value = isRate(name) ? kept[name] : rateOf(texts[name] ?? "");
    if (value !== null) query.set(name, String(value));
  }
  return query;
}

/** @param {Name} name @param {Texts} texts changed in place @param {() => void} onChange */
function field(name, texts, onChange) {
  const input = h("input", {
    type: "text",
    id: `savings-${name}`,
    inputmode: "decimal",
    autocomplete: "off",
    value: (isRate(name) ? rates()[name] : texts[name]) ?? "",
  });
  input.addEventListener("change", () => {
    if (isRate(name)) setRates({ [name]: rateOf(input.value) });
    else texts[name] = input.value;
    onChange();
  });
  const show = (/** @type {Savings["assumptions"]} */ assumptions) => {
    input.placeholder = assumptions[name] === null ? t("ui.rate.none") : String(assumptions[name]);
  };
  const label = h("label", { for: input.id }, t(`ui.savings.${name}`));
  return { element: h("div", { class: "field" }, label, input), show };
}
