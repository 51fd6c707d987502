/** The stage the protocol is in, and what was run at every size: done, running, left out because it cannot matter. */

import { fill, h } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { scenarioText } from "../words/scenario_text.js";
import { sizeText } from "../words/size_text.js";
import { headCells, scrollTable } from "../base/tables.js";
import { currentStage, stageGrid } from "./stage_grid.js";

/** @import { Cell, Experiment, Spec } from "../../types/answers.js" */
/** @import { ExperimentStore, Updating } from "../../types/page.js" */
/** @import { Counts, Fate } from "./stage_grid.js" */

/** @type {Fate[]} */
const PARTS = ["done", "running", "waiting", "skipped", "failed"];

/** @param {ExperimentStore} store @returns {Updating} */
export function stages(store) {
  const { spec, state } = store.experiment;
  const body = h("div", { class: "stack" });
  const isLive = spec.protocol === "staged" && ["queued", "running"].includes(state);
  const title = h("summary", {}, t("ui.stages.title"));
  const element = h("details", { class: "fold", id: "stages", open: isLive }, title, body);
  let shown = "";
  const update = () => {
    const { experiment, cells } = store;
    const wanted = JSON.stringify([experiment.state, cells.map((cell) => [cell.id, cell.state])]);
    if (wanted === shown) return;
    shown = wanted;
    fill(body, content(experiment, cells));
  };
  return { element, update };
}

/** @param {Experiment} experiment @param {Cell[]} cells */
function content({ spec, state, task }, cells) {
  const isStaged = spec.protocol === "staged";
  const isOpen = ["queued", "running"].includes(state);
  const names = spec.scenarios.filter((name) => !name.startsWith("horizon:") && isPlanned(cells, name));
  const title = (/** @type {string} */ scenario) => (names.length > 1 ? scenarioText(scenario, task) : "");
  return [
    h("p", {}, isStaged ? where(cells, isOpen) : t("ui.stages.full")),
    names.map((scenario) => table(spec, cells, scenario, title(scenario), isStaged && isOpen)),
    h("p", { class: "hint" }, t(isStaged ? "ui.stages.why_staged" : "ui.stages.why_full")),
  ];
}

/** @param {Cell[]} cells @param {string} scenario */
const isPlanned = (cells, scenario) => cells.some((cell) => cell.scenario === scenario);

/** @param {Cell[]} cells @param {boolean} isOpen */
function where(cells, isOpen) {
  if (!isOpen) return t("ui.stages.ended");
  const stage = currentStage(cells);
  return t(stage === 0 ? "ui.stages.tuning" : "ui.stages.checking", { stage: number(stage) });
}

/**
 * @param {Spec} spec @param {Cell[]} cells @param {string} scenario @param {string} caption
 * @param {boolean} mayCome whether later stages may still plan what is not planned
 */
function table(spec, cells, scenario, caption, mayCome) {
  const grid = stageGrid(spec, cells, scenario);
  const hasDepths = spec.depths.length > 1;
  const heads = [h("td", {}), headCells(grid.arms.map((arm) => t(`figure.arm.${arm}`)))];
  const rows = grid.sizes.map((size) => {
    const name = h("th", { scope: "row" }, sizeText(size.width, hasDepths ? size.depth : null));
    return h(
      "tr",
      {},
      name,
      grid.arms.map((arm) => countsCell(grid.at(size, arm), mayCome)),
    );
  });
  return scrollTable(t("ui.stages.title"), heads, rows, { look: "stages", caption });
}

/** @param {Counts} counts @param {boolean} mayCome */
function countsCell(counts, mayCome) {
  if (counts.planned === 0) {
    return h("td", { class: "stage-none" }, t(mayCome ? "ui.stages.later" : "ui.stages.not_needed"));
  }
  const parts = PARTS.filter((name) => counts[name]).map((name) => partOf(name, counts[name]));
  return h("td", {}, h("span", { class: "stage-parts" }, parts));
}

/** @param {Fate} name @param {number} count */
const partOf = (name, count) =>
  h("span", { class: "stage-part", data: { part: name } }, t(`ui.stages.part.${name}`, { count: number(count) }));
