/** Which stage the protocol is in, and what was run at every size: done, running, left out because it cannot matter. */

import { fill, h } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { scenarioText } from "../base/scenario_text.js";
import { sizeText } from "../base/size_text.js";
import { currentStage, stageGrid } from "./stage_grid.js";

/** @param {any} store @returns {{element: HTMLElement, update: () => void}} */
export function stages(store) {
  const body = h("div", { class: "stack" });
  const isLive = store.experiment.spec.protocol === "staged" && ["queued", "running"].includes(store.experiment.state);
  const element = h(
    "details",
    { class: "fold", id: "stages", open: isLive },
    h("summary", {}, t("ui.stages.title")),
    body,
  );
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

function content({ spec, state, task }, cells) {
  const isStaged = spec.protocol === "staged";
  const isOpen = ["queued", "running"].includes(state);
  const stage = currentStage(cells);
  const names = spec.scenarios.filter((scenario) =>
    cells.some((cell) => cell.scenario === scenario && !scenario.startsWith("horizon:")),
  );
  const where = isOpen
    ? t(stage === 0 ? "ui.stages.tuning" : "ui.stages.checking", { stage: number(stage) })
    : t("ui.stages.ended");
  return [
    h("p", {}, isStaged ? where : t("ui.stages.full")),
    names.map((scenario) =>
      table(spec, cells, scenario, names.length > 1 ? scenarioText(scenario, task) : "", isStaged && isOpen),
    ),
    legend(isStaged),
  ];
}

function table(spec, cells, scenario, name, mayCome) {
  const grid = stageGrid(spec, cells, scenario);
  const heads = grid.arms.map((arm) => h("th", { scope: "col" }, t(`figure.arm.${arm}`)));
  const row = (size) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, sizeText(size.width, spec.depths.length > 1 ? size.depth : null)),
      grid.arms.map((arm) => cell(grid.at(size, arm), mayCome)),
    );
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": t("ui.stages.title") },
    h(
      "table",
      { class: "stages" },
      name ? h("caption", {}, name) : null,
      h("thead", {}, h("tr", {}, h("td", {}), heads)),
      h("tbody", {}, grid.sizes.map(row)),
    ),
  );
}

const PARTS = /** @type {const} */ (["done", "running", "waiting", "skipped", "failed"]);

function cell(counts, mayCome) {
  if (counts.planned === 0)
    return h("td", { class: "stage-none" }, t(mayCome ? "ui.stages.later" : "ui.stages.not_needed"));
  const parts = PARTS.filter((name) => counts[name]).map((name) =>
    h(
      "span",
      { class: "stage-part", data: { part: name } },
      t(`ui.stages.part.${name}`, { count: number(counts[name]) }),
    ),
  );
  return h("td", {}, h("span", { class: "stage-parts" }, parts));
}

const legend = (isStaged) => h("p", { class: "hint" }, t(isStaged ? "ui.stages.why_staged" : "ui.stages.why_full"));
