/** The constants each tensor really trained with: where a scaling rule that was not applied would show. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { figure } from "../base/format.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { scenarioText } from "../words/scenario_text.js";
import { tensorTable } from "./tensor_table.js";

/** @import { Spec, Tensor } from "../../types/answers.js" */
/** @import { ExperimentStore, Refreshing, ShownRuns } from "../../types/page.js" */
/** @typedef {{width: number, depth: number}} Size */

/**
 * @param {ExperimentStore} store the page's data @param {ShownRuns} choices those of the figures
 * @param {AbortSignal} signal
 * @returns {Refreshing}
 */
export function tensors(store, choices, signal) {
  const { spec, task, conditions } = store.experiment;
  const controls = sizeControls(spec);
  const body = h("div", { class: "stack" });
  const box = fold(controls.element, body);
  const read = tensorReader(store, choices, signal);
  const draw = async () => {
    if (!box.open) return;
    const base = baseSize(spec);
    const size = controls.size();
    try {
      const tables = [];
      for (const { parametrization: arm } of spec.arms) {
        tables.push(part(arm, await read(arm, size), await read(arm, base), choices.lrs()[arm]));
      }
      if (signal.aborted) return;
      const scenario = `${t("ui.tensors.scenario")}: ${scenarioText(choices.scenario(), task)}`;
      fill(
        body,
        conditions.length > 1 ? h("p", {}, scenario) : null,
        tables,
        h("p", { class: "hint" }, t("ui.tensors.base", { ...base })),
      );
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) fill(body, errorNote(error));
    }
  };
  for (const control of controls.selects) control.addEventListener("change", draw, { signal });
  box.addEventListener("toggle", draw);
  choices.onLr(draw);
  return { element: box, refresh: draw };
}

/** @param {HTMLElement} controls @param {HTMLElement} body */
const fold = (controls, body) =>
  h(
    "details",
    { class: "fold", id: "tensors" },
    h("summary", {}, t("ui.tensors.title")),
    h("p", { class: "hint" }, t("ui.tensors.hint")),
    controls,
    body,
  );

/**
 * The size that others are compared with: the base size if it was run, else the smallest.
 * @param {Spec} spec @returns {Size}
 */
function baseSize({ widths, depths, base_width: width, base_depth: depth }) {
  return {
    width: widths.includes(width) ? width : Math.min(...widths),
    depth: depths.includes(depth) ? depth : Math.min(...depths),
  };
}

/** Lists from which one chooses the size that is shown. @param {Spec} spec */
function sizeControls({ widths, depths }) {
  const sorted = [...widths].sort((one, other) => one - other);
  const width = select("width", sorted, sorted[sorted.length - 1]);
  const depth = select("depth", depths, Math.max(...depths));
  return {
    element: h(
      "div",
      { class: "controls" },
      labelled("width", width),
      depths.length > 1 ? labelled("depth", depth) : null,
    ),
    selects: [width, depth],
    size: () => ({ width: Number(width.value), depth: Number(depth.value) }),
  };
}

/**
 * Read the tensors of an arm and a size under the shown scenario, once; none where no such cell is planned.
 * @param {ExperimentStore} store @param {ShownRuns} choices @param {AbortSignal} signal
 * @returns {(arm: string, size: Size) => Promise<Tensor[]>}
 */
function tensorReader(store, choices, signal) {
  /** @type {Map<string, Tensor[]>} */
  const known = new Map();
  return async (arm, { width, depth }) => {
    const cells = store.cells.filter((cell) => cell.parametrization === arm && cell.scenario === choices.scenario());
    const cell = cells.find((item) => item.width === width && item.depth === depth);
    if (!cell) return [];
    if (!known.get(cell.id)?.length) known.set(cell.id, await get(`/cells/${cell.id}/tensors`, signal));
    return known.get(cell.id) ?? [];
  };
}

/** @param {string} arm @param {Tensor[]} rows @param {Tensor[]} base @param {number} lr */
function part(arm, rows, base, lr) {
  const name = t("ui.tensors.arm", { arm: t(`figure.arm.${arm}`), lr: figure(lr) });
  if (!rows.length) return [h("h3", {}, name), h("p", { class: "hint" }, t("ui.tensors.waiting"))];
  const hint = base.length ? null : h("p", { class: "hint" }, t("ui.tensors.no_base"));
  return [h("h3", {}, name), tensorTable(name, rows, base, lr), hint];
}

/** @param {string} name @param {number[]} values @param {number} chosen */
function select(name, values, chosen) {
  const entries = values.map((value) => h("option", { value: String(value) }, String(value)));
  const element = h("select", { id: `tensors-${name}` }, entries);
  element.value = String(chosen);
  return element;
}

/** @param {string} name @param {HTMLSelectElement} control */
const labelled = (name, control) =>
  h("div", { class: "control" }, h("label", { for: control.id }, t(`ui.tensors.${name}`)), control);
