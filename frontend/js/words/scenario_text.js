/** Scenarios in words: `label_noise:0.2` becomes what a manager would call it. */

import { figure, number, percent } from "../base/format.js";
import { t } from "../base/i18n.js";

/** @import { Shape } from "../../types/answers.js" */
/** @typedef {Shape["task"]} Task */

const WHOLE = new Set(["batch_size", "horizon", "batch_axis", "steps_axis"]);
const SHARES = new Set(["label_noise", "subsample", "class_imbalance"]);

/**
 * Labels that are numbers are off by something; only classes and letters are right or wrong.
 * @param {string} kind @param {Task} task
 */
export const isShare = (kind, task) => SHARES.has(kind) && !(kind === "label_noise" && task === "regression");

/**
 * The catalogue key of a kind of scenario: where labels are numbers, it has words of its own.
 * @param {string} kind @param {Task} task
 */
export const scenarioKey = (kind, task) =>
  `scenario.${kind}${kind === "label_noise" && task === "regression" ? ".numbers" : ""}`;

/** @param {string} scenario `kind` or `kind:value` @param {Task} task of the dataset @returns {string} */
export function scenarioText(scenario, task) {
  const [kind, text] = scenario.split(":");
  if (kind === "schedule") return t("scenario.schedule", { value: t(`scenario.schedule.${text}`) });
  const shown = WHOLE.has(kind) ? number : isShare(kind, task) ? percent : figure;
  const value = text === undefined ? "" : shown(Number(text));
  return t(scenarioKey(kind, task), { value });
}
