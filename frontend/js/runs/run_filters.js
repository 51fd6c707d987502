/** The lists and fields that narrow the table of runs. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { scenarioText } from "../words/scenario_text.js";
import { FILTERS, clearFilters, setWishes, wish } from "./run_wishes.js";

/** @import { Experiment } from "../../types/answers.js" */
/** @typedef {[value: string, words: string]} Entry */

const STATES = ["completed", "diverged", "running", "queued", "failed", "cancelled", "skipped"];

/** @param {Experiment} experiment @param {() => void} onChange after the wishes changed */
export function runFilters({ spec, task }, onChange) {
  const plain = (/** @type {readonly number[]} */ values) =>
    [...values].sort((one, other) => one - other).map((value) => /** @type {Entry} */ ([String(value), String(value)]));
  const arms = spec.arms.map(({ parametrization: arm }) => /** @type {Entry} */ ([arm, t(`figure.arm.${arm}`)]));
  const scenarios = spec.scenarios.map((name) => /** @type {Entry} */ ([name, scenarioText(name, task)]));
  const states = STATES.map((state) => /** @type {Entry} */ ([state, t(`ui.run.${state}`)]));
  const changed = (/** @type {string} */ name, /** @type {string} */ value) => {
    setWishes({ [name]: value });
    onChange();
  };
  const controls = [
    choice("scenario", scenarios, changed),
    choice("parametrization", arms, changed),
    choice("width", plain(spec.widths), changed),
    choice("depth", plain(spec.depths), changed),
    choice("seed", plain(spec.seeds), changed),
    choice("state", states, changed),
    field("lr_low", changed),
    field("lr_high", changed),
  ].filter((control) => control !== null);
  return h("div", { class: "controls", role: "group", "aria-label": t("ui.runs.filters") }, controls, clear(onChange));
}

/** Have the lists and fields say what the address says. @param {HTMLElement} filters */
export function showWishes(filters) {
  for (const name of FILTERS) {
    /** @type {HTMLSelectElement | HTMLInputElement | null} */
    const control = filters.querySelector(`#runs-${name}`);
    if (control) setValue(control, wish(name));
  }
}

/** A value that a list does not have stands for "all". @param {HTMLSelectElement | HTMLInputElement} control */
function setValue(control, /** @type {string} */ value) {
  control.value = value;
  if (control instanceof HTMLSelectElement && control.selectedIndex < 0) control.value = "";
}

/**
 * A list with "all" before its entries; none where there is nothing to choose.
 * @param {string} name @param {Entry[]} entries @param {(name: string, value: string) => void} changed
 */
function choice(name, entries, changed) {
  if (entries.length < 2) return null;
  const options = [["", t("ui.runs.any")], ...entries].map(([value, words]) => h("option", { value }, words));
  const select = h("select", { id: `runs-${name}` }, options);
  setValue(select, wish(name));
  select.addEventListener("change", () => changed(name, select.value));
  return labelled(name, select);
}

/** @param {string} name @param {(name: string, value: string) => void} changed */
function field(name, changed) {
  const input = h("input", { type: "text", id: `runs-${name}`, inputmode: "decimal", autocomplete: "off", size: 8 });
  input.value = wish(name);
  input.addEventListener("change", () => changed(name, input.value.normalize("NFKC").trim()));
  return labelled(name, input);
}

/** @param {string} name @param {HTMLSelectElement | HTMLInputElement} control */
const labelled = (name, control) =>
  h("div", { class: "control" }, h("label", { for: control.id }, t(`ui.runs.${name}`)), control);

/** @param {() => void} onChange */
function clear(onChange) {
  const click = (/** @type {Event} */ { currentTarget }) => {
    clearFilters();
    const box = /** @type {HTMLElement} */ (currentTarget).parentElement;
    if (box) showWishes(box);
    onChange();
  };
  return h("button", { type: "button", class: "button button-quiet", on: { click } }, t("ui.runs.clear"));
}
