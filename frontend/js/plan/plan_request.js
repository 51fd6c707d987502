/** From what the viewer chose to what the server is asked; left out means the server's own choice. */

import { rates } from "../base/hourly_rates.js";
import { valuesOfSetting } from "../base/options.js";
import { budgetOf } from "./budget.js";
import { recipeOf, wholeOptimizer } from "./starting_points.js";
import { BROUGHT, familyOf, networkOf } from "./brought/brought_choice.js";
import { FIRST, GROUPS, described, matters } from "./settings_fields.js";

/** @import { Dataset, Spec } from "../../types/answers.js" */
/** @import { PlanChoices, SettingTexts } from "../../types/page.js" */
/** @import { Context, Entry, Field } from "./settings_fields.js" */
/** @typedef {Record<string, unknown>} Values part of a request, as yet unchecked */

const MOST_SEEDS = 10_000;
/** All that the form holds, one field a setting. */
export const FIELDS = [...FIRST, ...GROUPS.flatMap((group) => group.fields)];

/**
 * @param {Pick<Dataset, "id">} dataset @param {Omit<PlanChoices, "presets">} choices
 * @returns {Values} the body of a request for a plan or an experiment
 */
export function planRequest(dataset, { preset, start, own, budget, plan, clone }) {
  const { num_seeds: count, optimizer, ...plain } = own.values ?? {};
  const recipe = recipeOf(start);
  /** @type {Values} */
  const wishes = clone ? { ...clone.kept, ...plain } : { recipe, preset, ...plain };
  if (optimizer) {
    const { family } = contextOf(own.texts, plan?.spec);
    wishes.optimizer = wholeOptimizer(/** @type {Values} */ (optimizer), recipe, family);
  }
  const limits = budgetOf(budget, rates());
  if (limits) wishes.budget = { ...limits, .../** @type {Values} */ (plain.budget) };
  if (count !== undefined && !plain.seeds) wishes.seeds = seeds(count);
  if (own.scenarios) wishes.scenarios = ["as_given", ...own.scenarios];
  return { dataset_id: dataset.id, ...wishes };
}

/** The first seeds; the server refuses what is no number, and far fewer than the limit here. @param {unknown} count */
function seeds(count) {
  if (typeof count !== "number" || !Number.isInteger(count)) return [count];
  return Array.from({ length: Math.min(count, MOST_SEEDS) }, (_, seed) => seed);
}

/**
 * What decides which settings there are.
 * @param {SettingTexts} texts @param {Spec} [spec] the latest one, if any @returns {Context}
 */
export const contextOf = (texts, spec) => ({
  kind: texts["optimizer.kind"] || (spec?.optimizer.kind ?? valuesOfSetting("optimizer.kind")[0]),
  family: familyOf(texts["model.family"] ?? "") || (spec?.model.family ?? valuesOfSetting("model.family")[0]),
});

/** The value of a field in a spec. @param {Entry} field @param {Spec} spec @returns {unknown} */
export function shownValue(field, spec) {
  if (field.shown) return field.shown(spec);
  const step = (/** @type {unknown} */ part, /** @type {string} */ key) =>
    /** @type {Values | undefined} */ (part)?.[key];
  return field.name.split(".").reduce(step, spec);
}

/**
 * Only what was set, as the request wants it.
 * @param {OwnTexts} own what was written or chosen @param {Spec} [spec] the latest one, if any
 * @returns {Values}
 */
export function valuesOf(own, spec) {
  const context = contextOf(own.texts, spec);
  const values = writtenValues(own.texts, context);
  // A part of a whole whose name was not chosen belongs to the one that was proposed.
  if (values.model) values.model = wholeModel(values.model, context.family);
  if (own.measures) values.measures = own.measures;
  const arms = armsOf(own, spec);
  return arms ? { ...values, arms } : values;
}

/** @param {object} written @param {string} family that was chosen or is proposed @returns {Values} */
function wholeModel(written, family) {
  /** @type {Values} */
  const { family: choice = family, ...others } = /** @type {Values} */ (written);
  const network = networkOf(String(choice));
  if (network === null) return { family: choice, ...others };
  const named = { family: familyOf(String(choice)), network };
  return named.family === BROUGHT ? named : { ...named, ...others };
}

/** @typedef {{texts: SettingTexts, arms?: string[], measures?: string[]}} OwnTexts */

/** @param {SettingTexts} texts @param {Context} context */
function writtenValues(texts, context) {
  /** @type {Values} */
  const values = {};
  for (const field of FIELDS.map(described)) {
    const value = read(field, texts[field.name] ?? "");
    if (value !== null && matters(field, context)) place(values, field.name, value);
  }
  return values;
}

/** @param {Field} field @param {string} text */
function read({ kind }, text) {
  if (kind === "number" || kind === "numbers") {
    const found = numbers(text);
    return found && (kind === "numbers" ? found : found[0]);
  }
  if (text === "") return null;
  if (kind === "texts") return words(text);
  return kind === "yes_no" ? text === "true" : text;
}

/**
 * Put a value where its name says: `a.b` is the `b` of `a`.
 * @param {Values} values @param {string} name @param {unknown} value
 */
function place(values, name, value) {
  const [key, ...rest] = name.split(".");
  if (!rest.length) values[key] = value;
  else place(/** @type {Values} */ (values[key] ??= {}), rest.join("."), value);
}

/** The arms, once one was chosen or has LRs of its own. @param {OwnTexts} own @param {Spec} [spec] */
function armsOf({ texts, arms: chosen }, spec) {
  const names = chosen ?? spec?.arms.map((arm) => arm.parametrization) ?? [];
  const arms = names.map((parametrization) => {
    const lrs = numbers(texts[`lrs.${parametrization}`] ?? "");
    return lrs ? { parametrization, lrs } : { parametrization };
  });
  return chosen || arms.some((arm) => arm.lrs) ? arms : null;
}

/** Read a list of names separated by commas or spaces. @param {string} text */
const words = (text) => text.split(/[\s,、;]+/).filter(Boolean);

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
