/** The scenarios of a plan: a list to which one adds a kind with a value; the server says which there can be. */

import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { scenarioText } from "../words/scenario_text.js";
import { hintOf, isWithin, limitsText, numberOf } from "./scenario_values.js";

/** @import { Dataset, KindLimits, Plan, Shape } from "../../types/answers.js" */
/** @import { OwnSettings } from "../../types/page.js" */
/** @typedef {Shape["task"]} Task */

/**
 * @param {Dataset} dataset @param {OwnSettings} own its `scenarios` are those of the plan until one is changed
 * @param {() => void} onChange @param {() => Plan | null} plan the latest previewed plan
 */
export function scenarioEditor({ shape: { task } }, own, onChange, plan) {
  const items = h("ul", { class: "scenario-list" });
  const asGiven = (/** @type {string} */ scenario) => scenario === "as_given";
  const shown = () => own.scenarios ?? (plan()?.spec.scenarios ?? []).filter((scenario) => !asGiven(scenario));
  const set = (/** @type {string[]} */ scenarios) => {
    own.scenarios = scenarios;
    list();
    onChange();
  };
  const list = () => fill(items, entries(shown(), task, set));
  const kinds = () => plan()?.scenario_kinds ?? [];
  const form = addingForm(kinds, task, (scenario) => set([...new Set([...shown(), scenario])]));
  const update = () => {
    form.update();
    list();
  };
  update();
  const box = h(
    "details",
    { class: "fold", id: "scenario-editor", open: shown().length > 0 },
    h("summary", {}, t("ui.scenarios.edit")),
    h("p", { class: "hint" }, t("ui.scenarios.why")),
    items,
    form.elements,
  );
  return { element: box, update };
}

/**
 * What is planned: the data as given, and scenarios that can be taken out again.
 * @param {string[]} scenarios @param {Task} task @param {(scenarios: string[]) => void} onChange
 */
function entries(scenarios, task, onChange) {
  const entry = (/** @type {string} */ scenario) => {
    const words = scenarioText(scenario, task);
    const click = () => onChange(scenarios.filter((item) => item !== scenario));
    const label = t("ui.scenarios.remove_it", { scenario: words });
    const attributes = { type: "button", class: "button button-quiet", "aria-label": label, on: { click } };
    return h("li", {}, words, h("button", attributes, t("ui.scenarios.remove")));
  };
  return [h("li", {}, t("scenario.as_given")), scenarios.map(entry)];
}

/**
 * A kind of scenario and its value, checked as the server will.
 * @param {() => KindLimits[]} kinds @param {Task} task @param {(scenario: string) => void} onAdd
 */
function addingForm(kinds, task, onAdd) {
  const { kind, value, name } = inputs();
  const hint = h("p", { class: "hint", id: "scenario-hint", "aria-live": "polite" });
  const valueField = control("value", value);
  const nameField = control("name", name);
  const chosen = () => kinds().find((item) => item.kind === kind.value);
  const choose = () => {
    const limits = chosen();
    const names = limits?.names ?? [];
    valueField.hidden = names.length > 0 || limits?.has_value === false;
    nameField.hidden = names.length === 0;
    fill(name, names.map(scheduleOption));
    fill(hint, limits ? hintOf(limits, task) : null);
  };
  const form = h(
    "form",
    { class: "controls scenario-form" },
    control("kind", kind),
    valueField,
    nameField,
    addButton(),
  );
  value.addEventListener("input", () => value.setCustomValidity(""));
  kind.addEventListener("change", () => {
    value.value = "";
    choose();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const scenario = scenarioOf(chosen(), value, name, task);
    if (scenario === null) return;
    value.value = "";
    onAdd(scenario);
  });
  const update = () => {
    offer(kind, kinds());
    choose();
  };
  return { elements: [form, hint], update };
}

const addButton = () => h("button", { type: "submit", class: "button" }, t("ui.scenarios.add"));

function inputs() {
  return {
    kind: h("select", { id: "scenario-kind" }),
    name: h("select", { id: "scenario-name" }),
    value: h("input", {
      type: "text",
      id: "scenario-value",
      inputmode: "decimal",
      autocomplete: "off",
      "aria-describedby": "scenario-hint",
    }),
  };
}

/** List the kinds there can be; the chosen one stays. @param {HTMLSelectElement} select @param {KindLimits[]} kinds */
function offer(select, kinds) {
  const before = select.value;
  fill(
    select,
    kinds.map(({ kind }) => h("option", { value: kind }, t(`ui.scenarios.kind.${kind}`))),
  );
  if (kinds.some(({ kind }) => kind === before)) select.value = before;
}

const scheduleOption = (/** @type {string} */ name) => h("option", { value: name }, t(`scenario.schedule.${name}`));

/**
 * The scenario that is written; null, with a word to the user, where it is none that the server takes.
 * @param {KindLimits | undefined} limits @param {HTMLInputElement} value @param {HTMLSelectElement} name
 * @param {Task} task
 */
function scenarioOf(limits, value, name, task) {
  if (limits?.has_value === false) return limits.kind;
  const text = limits?.names.length ? name.value : numberOf(value.value);
  if (!limits || text === "") {
    value.focus();
    return null;
  }
  if (!isWithin(limits, text)) {
    value.setCustomValidity(limitsText(limits, task));
    value.reportValidity();
    return null;
  }
  return `${limits.kind}:${text}`;
}

/** @param {string} name @param {HTMLElement} field */
const control = (name, field) =>
  h("div", { class: "control" }, h("label", { for: field.id }, t(`ui.scenarios.${name}`)), field);
