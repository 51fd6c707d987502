/** A whole spec in words, group by group, each value beside the one that would be proposed for the same data. */

import { figure, list, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { scenarioText } from "../words/scenario_text.js";
import { shownValue } from "./plan_request.js";
import { valueWords } from "./settings_field.js";
import { FIRST, GROUPS, described, matters } from "./settings_fields.js";

/** @import { Shape, Spec } from "../../types/answers.js" */
/** @import { Entry, Field } from "./settings_fields.js" */
/** @typedef {Shape["task"]} Task */

/**
 * @typedef {object} Said one line of a spec
 * @property {string} name in words
 * @property {string} value in words
 * @property {string | null} usual the proposal in words, where it is another; null also without a proposal
 *
 * @typedef {{name: string, lines: Said[]}} Group a catalogue key's end, and what it holds
 */

const NONE = "–";

/**
 * @param {Spec} spec @param {Spec | null} proposal for the same data, where nothing is set @param {Task} task
 * @returns {Group[]}
 */
export function specWords(spec, proposal, task) {
  const context = { kind: spec.optimizer.kind, family: spec.model.family };
  const linesOf = (/** @type {Entry[]} */ entries) =>
    entries
      .map(described)
      .filter((field) => matters(field, context))
      .map((field) => said(t(`ui.settings.${field.name}`), (of) => valueOf(field, of), spec, proposal));
  const groups = GROUPS.map(({ name, fields }) => ({ name, lines: linesOf(fields) }));
  const first = { name: "first", lines: linesOf(FIRST.filter(({ name }) => name !== "lrs")) };
  const own = ownLines(spec, proposal, task);
  return [first, ...groups, { name: "thresholds", lines: thresholds(spec, proposal) }].map(({ name, lines }) => ({
    name,
    lines: [...lines, ...(own[name] ?? [])],
  }));
}

/**
 * @param {string} name @param {(spec: Spec) => string} words @param {Spec} spec @param {Spec | null} proposal
 * @returns {Said}
 */
function said(name, words, spec, proposal) {
  const value = words(spec);
  const usual = proposal ? words(proposal) : value;
  return { name, value, usual: usual === value ? null : usual };
}

/** What no single field of the form shows. @param {Spec} spec @param {Spec | null} proposal @param {Task} task */
function ownLines(spec, proposal, task) {
  const arms = spec.arms.map(({ parametrization: arm }) =>
    said(t("ui.spec.lrs", { arm: t(`figure.arm.${arm}`) }), (of) => rates(of, arm), spec, proposal),
  );
  const scenarios = (/** @type {Spec} */ of) => list(of.scenarios, (item) => scenarioText(item, task));
  const measures = (/** @type {Spec} */ of) => list(of.measures, (item) => t(`ui.measure.${item}`)) || NONE;
  /** @type {Record<string, Said[]>} */
  const byGroup = {
    first: [said(t("ui.spec.scenarios"), scenarios, spec, proposal)],
    arms,
    measurement: [said(t("ui.settings.measures"), measures, spec, proposal)],
  };
  return byGroup;
}

/** @param {Spec} spec @param {string} name of the arm */
function rates({ arms }, name) {
  const arm = arms.find(({ parametrization }) => parametrization === name);
  return arm ? list(arm.lrs, figure) : NONE;
}

/** @param {Spec} spec @param {Spec | null} proposal */
function thresholds(spec, proposal) {
  const names = /** @type {(keyof Spec["thresholds"])[]} */ (Object.keys(spec.thresholds));
  return names.map((name) =>
    said(t(`ui.threshold.${name}`), ({ thresholds: of }) => figure(Number(of[name])), spec, proposal),
  );
}

/** @param {Field} field @param {Spec} spec */
function valueOf(field, spec) {
  const value = shownValue(field, spec);
  if (value === undefined || value === null) return NONE;
  if (field.kind === "yes_no" || field.values.length) return valueWords(field, String(value));
  const values = [value].flat().map(Number);
  return list(values, (item) => (Number.isInteger(item) ? number(item, { useGrouping: false }) : figure(item)));
}
