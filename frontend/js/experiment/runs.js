/** Every run in a table, for who wants to look at single trajectories; read when its page is opened. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { figure, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { scenarioText } from "../base/scenario_text.js";
import { headCells, numberCell, scrollTable } from "../base/tables.js";

/** @import { Experiment, Run } from "../../types/answers.js" */
/** @import { Refreshing } from "../../types/page.js" */

const HEADS = ["arm", "width", "lr", "seed", "state", "train_loss", "val_loss", "diverged_at"];

/** @param {Experiment} experiment @param {AbortSignal} signal @returns {Refreshing} */
export function runs(experiment, signal) {
  const element = h("section", { class: "stack", id: "runs" });
  const read = async () => {
    if (!element.firstChild) fill(element, h("p", { class: "hint", role: "status" }, t("ui.loading")));
    try {
      fill(element, table(await get(`/experiments/${experiment.id}/runs`, signal), experiment));
    } catch (error) {
      if (!isAbort(error)) fill(element, errorNote(error));
    }
  };
  return { element, refresh: read };
}

/** @param {Run[]} found @param {Experiment} experiment */
function table(found, { spec, task }) {
  const hasScenarios = spec.scenarios.length > 1;
  const heads = hasScenarios ? ["scenario", ...HEADS] : HEADS;
  const scenarioOf = (/** @type {Run} */ run) => (hasScenarios ? scenarioText(run.scenario, task) : null);
  return [
    h("p", { class: "hint" }, t("ui.runs.hint")),
    scrollTable(
      t("ui.runs.title", { count: number(found.length) }),
      headCells(heads.map((name) => t(`ui.runs.${name}`))),
      found.map((run) => row(run, scenarioOf(run))),
    ),
  ];
}

/** @param {Run} run @param {string | null} scenario in words, where there are several */
function row(run, scenario) {
  const isDiverged = run.state === "diverged";
  const lossOf = (/** @type {string} */ name) => (isDiverged ? "–" : figure(run.summaries[name]?.final));
  return h(
    "tr",
    { class: isDiverged ? "is-diverged" : null },
    scenario === null ? null : h("td", {}, scenario),
    h("td", {}, t(`figure.arm.${run.parametrization}`)),
    [String(run.width), figure(run.lr), String(run.seed)].map(numberCell),
    h("td", { title: run.state === "skipped" ? t("ui.stages.skipped_why") : null }, t(`ui.run.${run.state}`)),
    ["train_loss", "val_loss"].map(lossOf).map(numberCell),
    numberCell(run.diverged_at === null ? "" : number(run.diverged_at)),
  );
}
