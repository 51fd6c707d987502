/** The constants each tensor really trained with: where a scaling rule that was not applied would show. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { figure } from "../base/format.js";
import { t } from "../base/i18n.js";
import { scenarioText } from "../base/scenario_text.js";
import { errorNote } from "../base/note.js";
import { tensorTable } from "./tensor_table.js";

/**
 * @param {any} store the page's data @param {any} choices those of the figures: they know the LRs that are shown
 * @param {AbortSignal} signal
 */
export function tensors(store, choices, signal) {
  const { spec, task, conditions } = store.experiment;
  const widths = [...spec.widths].sort((one, other) => one - other);
  const base = {
    width: widths.includes(spec.base_width) ? spec.base_width : widths[0],
    depth: spec.depths.includes(spec.base_depth) ? spec.base_depth : Math.min(...spec.depths),
  };
  const width = select("width", widths, widths[widths.length - 1]);
  const depth = select("depth", spec.depths, Math.max(...spec.depths));
  const body = h("div", { class: "stack" });
  const box = h(
    "details",
    { class: "fold", id: "tensors" },
    h("summary", {}, t("ui.tensors.title")),
    h("p", { class: "hint" }, t("ui.tensors.hint")),
    h("div", { class: "controls" }, labelled("width", width), spec.depths.length > 1 ? labelled("depth", depth) : null),
    body,
  );
  const known = new Map();
  const read = async (arm, size) => {
    const cell = store.cells.find(
      (item) =>
        item.scenario === choices.scenario() &&
        item.parametrization === arm &&
        item.width === size.width &&
        item.depth === size.depth,
    );
    if (!cell) return [];
    if (!known.get(cell.id)?.length) known.set(cell.id, await get(`/cells/${cell.id}/tensors`, signal));
    return known.get(cell.id);
  };
  const draw = async () => {
    if (!box.open) return;
    const size = { width: Number(width.value), depth: Number(depth.value) };
    try {
      const tables = [];
      for (const { parametrization: arm } of spec.arms)
        tables.push(part(arm, await read(arm, size), await read(arm, base), choices.lrs()[arm]));
      if (!signal.aborted)
        fill(
          body,
          conditions.length > 1
            ? h("p", {}, `${t("ui.tensors.scenario")}: ${scenarioText(choices.scenario(), task)}`)
            : null,
          tables,
          h("p", { class: "hint" }, t("ui.tensors.base", base)),
        );
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) fill(body, errorNote(error));
    }
  };
  for (const control of [width, depth]) control.addEventListener("change", draw, { signal });
  box.addEventListener("toggle", draw);
  choices.onLr(draw);
  return { element: box, refresh: draw };
}

function part(arm, rows, base, lr) {
  const name = t("ui.tensors.arm", { arm: t(`figure.arm.${arm}`), lr: figure(lr) });
  if (!rows.length) return [h("h3", {}, name), h("p", { class: "hint" }, t("ui.tensors.waiting"))];
  return [
    h("h3", {}, name),
    tensorTable(name, rows, base, lr),
    base.length ? null : h("p", { class: "hint" }, t("ui.tensors.no_base")),
  ];
}

function select(name, values, chosen) {
  const element = h(
    "select",
    { id: `tensors-${name}` },
    values.map((value) => h("option", { value: String(value) }, String(value))),
  );
  element.value = String(chosen);
  return element;
}

const labelled = (name, control) =>
  h("div", { class: "control" }, h("label", { for: control.id }, t(`ui.tensors.${name}`)), control);
