/** A plan that starts from the whole definition of an experiment: its settings as written, and what no field shows. */

import { wholeSpec } from "../../base/whole_spec.js";
import { FIELDS, shownValue, valuesOf } from "../plan_request.js";
import { described, matters } from "../settings_fields.js";

/** @import { Experiment, Spec } from "../../../types/answers.js" */
/** @import { CloneOrigin, OwnSettings, SettingTexts } from "../../../types/page.js" */

/** @param {Experiment} experiment @returns {CloneOrigin} */
export const originOf = ({ id, name, spec }) => ({ id, name, spec, kept: keptOf(spec) });

/** The parts of a definition that no field of the form holds. @param {Spec} spec */
function keptOf(spec) {
  const held = new Set(["arms", "measures", ...FIELDS.map(({ name }) => name.split(".")[0])]);
  return Object.fromEntries(Object.entries(wholeSpec(spec)).filter(([name]) => !held.has(name)));
}

/** The form filled with a whole definition. @param {Spec} spec @returns {OwnSettings} */
export function ownOf(spec) {
  const texts = textsOf(spec);
  const own = { texts, arms: spec.arms.map((arm) => arm.parametrization), measures: [...spec.measures] };
  return { ...own, values: valuesOf(own, spec), opened: new Set(["all"]), hasOwnGrids: !("lrs" in texts) };
}

/** @param {Spec} spec @returns {SettingTexts} */
function textsOf(spec) {
  const context = { kind: spec.optimizer.kind, family: spec.model.family };
  const read = FIELDS.map(described).filter((field) => matters(field, context));
  const found = read.map((field) => /** @type {const} */ ([field.name, shownValue(field, spec)]));
  const texts = found.filter(([, value]) => value !== null && value !== undefined);
  return gridsApart(spec, seedsOnce(spec, Object.fromEntries(texts.map(([name, value]) => [name, textOf(value)]))));
}

/** Every digit, so that what is read back is the same number. @param {unknown} value */
const textOf = (value) => [value].flat().map(String).join(", ");

/**
 * The first so many seeds by their number, any others by their names.
 * @param {Spec} spec @param {SettingTexts} texts @returns {SettingTexts}
 */
function seedsOnce({ seeds }, { seeds: named, num_seeds: count, ...texts }) {
  const areFirst = seeds.every((seed, at) => seed === at);
  return areFirst ? { ...texts, num_seeds: count } : { ...texts, seeds: named };
}

/** One grid for all arms, or one for each. @param {Spec} spec @param {SettingTexts} texts @returns {SettingTexts} */
function gridsApart({ arms }, { lrs, ...texts }) {
  const grids = arms.map((arm) => textOf(arm.lrs));
  if (grids.every((grid) => grid === grids[0])) return { ...texts, lrs };
  return { ...texts, ...Object.fromEntries(arms.map((arm, at) => [`lrs.${arm.parametrization}`, grids[at]])) };
}
