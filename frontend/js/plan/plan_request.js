/** From what the viewer chose to what the server is asked; left out means the server's own choice. */

import { budgetOf } from "./budget.js";
import { rates } from "../base/hourly_rates.js";
import { FIRST, GROUPS, YES_NO } from "./settings_fields.js";

/** Ready-made plans, from a first look to being sure; what each is, the server knows. */
export const PRESETS = ["quick", "standard", "thorough"];

const MOST_SEEDS = 10_000;
const FIELDS = [...FIRST, ...GROUPS.flatMap((group) => group.fields)];

/** @param {any} dataset @param {any} choices {preset, own, scenarios, budget} @returns {any} */
export function planRequest(dataset, { preset, own, scenarios, budget }) {
  const { num_seeds, ...plain } = own;
  const wishes = { preset, ...plain };
  const limits = budgetOf(budget, rates());
  if (limits) wishes.budget = { ...limits, ...plain.budget };
  if (num_seeds !== undefined && !plain.seeds) wishes.seeds = seeds(num_seeds);
  if (scenarios) wishes.scenarios = ["as_given", ...scenarios];
  return { dataset_id: dataset.id, name: dataset.name.slice(0, 200), ...wishes };
}

/** The first seeds; the server refuses what is no number, and far fewer than the limit here. */
function seeds(count) {
  return Number.isInteger(count) ? Array.from({ length: Math.min(count, MOST_SEEDS) }, (_, seed) => seed) : [count];
}

/** What decides which settings there are. @param {any} texts @param {any} spec the latest previewed one, if any */
export const contextOf = (texts, spec) => ({
  kind: texts["optimizer.kind"] || (spec?.optimizer.kind ?? valuesOfSetting("optimizer.kind")[0]),
  family: texts["model.family"] || (spec?.model.family ?? valuesOfSetting("model.family")[0]),
});

/** The value of a field in a spec. @param {any} field @param {any} spec */
export function shownValue(field, spec) {
  if (field.shown) return field.shown(spec);
  return field.name.split(".").reduce((part, key) => part?.[key], spec);
}

/** Only what was set, as the request wants it. @param {any} texts what was written or chosen @param {any} spec */
export function valuesOf(texts, spec) {
  const values = {};
  const context = contextOf(texts, spec);
  for (const field of FIELDS.map(described)) {
    const value = read(field, texts[field.name] ?? "");
    if (value !== null && matters(field, context)) place(values, field.name, value);
  }
  // A part of a whole whose name was not chosen belongs to the one that was proposed.
  if (values.optimizer) values.optimizer.kind ??= context.kind;
  if (values.model) values.model.family ??= context.family;
  if (texts.measures) values.measures = texts.measures;
  const arms = armsOf(texts, spec);
  return arms ? { ...values, arms } : values;
}

function read({ kind }, text) {
  if (kind === "number" || kind === "numbers") {
    const found = numbers(text);
    return found && (kind === "numbers" ? found : found[0]);
  }
  if (text === "") return null;
  return kind === "yes_no" ? text === "true" : text;
}

function place(values, name, value) {
  const keys = name.split(".");
  const last = keys.pop();
  const part = keys.reduce((inner, key) => (inner[key] ??= {}), values);
  part[last] = value;
}

/** The arms, once one was chosen or has LRs of its own. */
function armsOf(texts, spec) {
  const chosen = texts.arms ?? spec?.arms.map((arm) => arm.parametrization) ?? [];
  const arms = chosen.map((parametrization) => {
    const lrs = numbers(texts[`lrs.${parametrization}`] ?? "");
    return lrs ? { parametrization, lrs } : { parametrization };
  });
  return texts.arms || arms.some((arm) => arm.lrs) ? arms : null;
}

/**
 * Read a list of numbers separated by commas or spaces; null when nothing was written. What is not a number
 * stays as it is, so that the server can say so.
 * @param {string} text
 */
export function numbers(text) {
  const parts = text
    .normalize("NFKC")
    .split(/[\s,、;]+/)
    .filter(Boolean);
  return parts.length ? parts.map((part) => (Number.isFinite(Number(part)) ? Number(part) : part)) : null;
}
