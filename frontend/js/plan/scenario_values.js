/** Values of scenarios: how they are written, and between which limits the server takes them. */

import { figure, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { isShare, scenarioKey } from "../words/scenario_text.js";

/** @import { KindLimits, Shape } from "../../types/answers.js" */
/** @typedef {Shape["task"]} Task */

const WHOLE = new Set(["batch_size", "batch_axis", "steps_axis"]);

/** What a value means, and between which limits the server takes it. @param {KindLimits} limits @param {Task} task */
export function hintOf(limits, task) {
  const means = t(`ui.scenarios.means.${scenarioKey(limits.kind, task).slice("scenario.".length)}`);
  return limits.names.length || limits.has_value === false ? means : `${means} ${limitsText(limits, task)}`;
}

/**
 * Tenths of a percent: a limit must not be rounded to one that is refused.
 * @param {KindLimits} limits @param {Task} task
 */
export function limitsText({ kind, low, high }, task) {
  const tenths = (/** @type {number | null} */ value) =>
    number(value ?? 0, { style: "percent", maximumFractionDigits: 1 });
  const whole = (/** @type {number | null} */ value) => number(value ?? 0);
  const shown = isShare(kind, task) ? tenths : WHOLE.has(kind) ? whole : figure;
  return t("ui.scenarios.limits", { low: shown(low), high: shown(high) });
}

/** Tell at once what the server would refuse. @param {KindLimits} limits @param {string} text */
export function isWithin({ low, high, is_whole: isWhole, names, has_value: hasValue }, text) {
  if (names.length || hasValue === false) return true;
  const given = Number(text);
  return given >= (low ?? -Infinity) && given <= (high ?? Infinity) && (!isWhole || Number.isInteger(given));
}

/**
 * A number as the server reads it: `20%` is 0.2; what is no number stays, so that the server can say so.
 * @param {string} text
 */
export function numberOf(text) {
  const plain = text.normalize("NFKC").trim();
  const share = /^([\d.]+)\s*%$/.exec(plain);
  return share ? String(Number((Number(share[1]) / 100).toPrecision(6))) : plain;
}
