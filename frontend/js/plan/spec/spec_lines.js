/** Whole specs in words, side by side, group by group: the one definition of what differs between experiments. */

import { figure, list, number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { scenarioText } from "../../words/scenario_text.js";
import { shownValue } from "../plan_request.js";
import { valueWords } from "../settings_field.js";
import { FIRST, GROUPS, described, matters } from "../settings_fields.js";

/** @import { Shape, Spec } from "../../../types/answers.js" */
/** @import { Entry, Field } from "../settings_fields.js" */
/** @typedef {Shape["task"]} Task */

/**
 * @typedef {object} Line one setting of several specs
 * @property {string} name in words
 * @property {string[]} values in words, one a spec
 * @property {boolean} differs whether the values are not the same
 *
 * @typedef {{name: string, lines: Line[]}} LineGroup a catalogue key's end, and what it holds
 */

const NONE = "–";

/**
 * @param {Spec[]} specs @param {Task} task
 * @param {Spec[]} [relevant] those whose family and optimizer say which settings there are
 * @returns {LineGroup[]}
 */
export function specLines(specs, task, relevant = specs) {
  const linesOf = (/** @type {Entry[]} */ entries) =>
    entries
      .map(described)
      .filter((field) => relevant.some((spec) => isRead(field, spec)))
      .map((field) => fieldLine(field, specs));
  const groups = GROUPS.map(({ name, fields }) => ({ name, lines: linesOf(fields) }));
  const first = { name: "first", lines: linesOf(FIRST.filter(({ name }) => name !== "lrs")) };
  const own = ownLines(specs, task, relevant);
  return [first, ...groups, { name: "thresholds", lines: thresholds(specs) }].map(({ name, lines }) => ({
    name,
    lines: [...lines, ...(own[name] ?? [])],
  }));
}

/** Only what is not the same. @param {LineGroup[]} groups */
export const differing = (groups) => groups.flatMap(({ lines }) => lines).filter(({ differs }) => differs);

/** How a group is called. @param {string} name */
export const groupTitle = (name) =>
  t(name === "first" || name === "thresholds" ? `ui.spec.group.${name}` : `ui.settings.group.${name}`);

/**
 * Values that are not the same never read the same: where rounding hides it, every digit is written.
 * @template T
 * @param {string} name @param {(T | null)[]} found @param {(value: T) => string} words @returns {Line}
 */
function line(name, found, words) {
  const differs = found.some((value) => JSON.stringify(value) !== JSON.stringify(found[0]));
  const values = found.map((value) => (value === null ? NONE : words(value)));
  const isHidden = differs && values.every((value) => value === values[0]);
  return { name, differs, values: isHidden ? found.map(exact) : values };
}

const exact = (/** @type {unknown} */ value) => list([value].flat(), String);

/** @param {Field} field @param {Spec} spec */
const isRead = (field, { optimizer, model }) => matters(field, { kind: optimizer.kind, family: model.family });

/** @param {Field} field @param {Spec[]} specs */
function fieldLine(field, specs) {
  const found = specs.map((spec) => (isRead(field, spec) ? (shownValue(field, spec) ?? null) : null));
  return line(t(`ui.settings.${field.name}`), found, (value) => fieldWords(field, value));
}

/** @param {Field} field @param {unknown} value */
function fieldWords(field, value) {
  if (field.kind === "yes_no" || field.values.length) return valueWords(field, String(value));
  const values = [value].flat().map(Number);
  return list(values, (item) => (Number.isInteger(item) ? number(item, { useGrouping: false }) : figure(item)));
}

/** What no single field of the form shows. @param {Spec[]} specs @param {Task} task @param {Spec[]} relevant */
function ownLines(specs, task, relevant) {
  const arms = [...new Set(relevant.flatMap((spec) => spec.arms.map((arm) => arm.parametrization)))];
  const rates = (/** @type {number[]} */ lrs) => list(lrs, figure);
  const scenarios = (/** @type {string[]} */ items) => list(items, (item) => scenarioText(item, task));
  const measures = (/** @type {string[]} */ items) => list(items, (item) => t(`ui.measure.${item}`)) || NONE;
  /** @type {Record<string, Line[]>} */
  const byGroup = {
    first: [
      line(
        t("ui.spec.scenarios"),
        specs.map(({ scenarios: of }) => of),
        scenarios,
      ),
    ],
    arms: arms.map((arm) => line(t("ui.spec.lrs", { arm: t(`figure.arm.${arm}`) }), specs.map(gridOf(arm)), rates)),
    measurement: [
      line(
        t("ui.settings.measures"),
        specs.map(({ measures: of }) => of),
        measures,
      ),
    ],
  };
  return byGroup;
}

const gridOf = (/** @type {string} */ name) => (/** @type {Spec} */ spec) =>
  spec.arms.find(({ parametrization }) => parametrization === name)?.lrs ?? null;

/** @param {Spec[]} specs */
function thresholds(specs) {
  const names = /** @type {(keyof Spec["thresholds"])[]} */ (Object.keys(specs[0].thresholds));
  return names.map((name) =>
    line(
      t(`ui.threshold.${name}`),
      specs.map((spec) => spec.thresholds[name]),
      (value) => figure(Number(value)),
    ),
  );
}
