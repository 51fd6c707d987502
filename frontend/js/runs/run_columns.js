/** The columns of the table of runs: what each shows, and which of them are chosen. */

import { figure, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { choose, query } from "../base/router.js";
import { scenarioText } from "../words/scenario_text.js";

/** @import { Experiment, Run } from "../../types/answers.js" */

/**
 * @typedef {object} Column
 * @property {string} name also what the server sorts by
 * @property {string} title
 * @property {(run: Run) => string} text
 * @property {boolean} isNumber
 * @property {boolean} isUsual shown unless somebody chose otherwise
 */

const USUAL_METRICS = ["train_loss", "val_loss"];

/** @param {Experiment} experiment @param {readonly string[]} metrics those with values @returns {Column[]} */
export function columnsOf({ spec, task }, metrics) {
  const whole = (/** @type {number} */ value) => number(value, { useGrouping: false });
  const column = (/** @type {string} */ name, /** @type {Column["text"]} */ text, isNumber = true, isUsual = true) => ({
    name,
    title: t(`ui.runs.${name}`),
    text,
    isNumber,
    isUsual,
  });
  return [
    column("scenario", (run) => scenarioText(run.scenario, task), false, spec.scenarios.length > 1),
    column("parametrization", (run) => t(`figure.arm.${run.parametrization}`), false),
    column("width", (run) => whole(run.width)),
    column("depth", (run) => whole(run.depth), true, spec.depths.length > 1),
    column("lr", (run) => figure(run.lr)),
    column("seed", (run) => whole(run.seed)),
    column("state", (run) => t(`ui.run.${run.state}`), false),
    ...metrics.map((name) => metricColumn(name)),
    column("diverged_at", (run) => (run.diverged_at === null ? "" : number(run.diverged_at))),
  ];
}

/** The final value of a metric; a diverged run has none. @param {string} name @returns {Column} */
function metricColumn(name) {
  return {
    name,
    title: t("ui.runs.final", { metric: t(`metric.${name}`) }),
    text: (run) => (run.state === "diverged" ? "–" : figure(run.summaries[name]?.final)),
    isNumber: true,
    isUsual: USUAL_METRICS.includes(name),
  };
}

/** Whether a column is shown. @param {Column} column */
export function isShown({ name, isUsual }) {
  const chosen = query("columns");
  return chosen === null ? isUsual : chosen.split(",").includes(name);
}

/** Show these and no others. @param {string[]} names @param {readonly Column[]} all */
export function showColumns(names, all) {
  const usual = all.filter((column) => column.isUsual).map((column) => column.name);
  const isUsual = names.length === usual.length && usual.every((name) => names.includes(name));
  choose({ columns: isUsual ? null : names.join(",") });
}
