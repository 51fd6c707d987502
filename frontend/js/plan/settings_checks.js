/** Settings of which several may hold: the parametrizations that run, and what is measured besides. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { options } from "../base/options.js";
import { ADAPTED } from "./brought/brought_choice.js";
import { contextOf } from "./plan_request.js";

/** @import { Spec } from "../../types/answers.js" */
/** @import { OwnTexts } from "./plan_request.js" */

/**
 * The parametrizations that are trained, each with LRs of its own if wanted.
 * @param {OwnTexts} own changed in place @param {() => void} onChange
 */
export function armChecks(own, onChange) {
  const arms = options().arms.map((name) => {
    const [input, lrs] = [box("arm", name), lrsField(name, own, onChange)];
    const words = check(input, t(`figure.arm.${name}`), t(`ui.arm.${name}`));
    return { name, input, lrs, row: h("div", { class: "check-row" }, words, lrs.element) };
  });
  const set = (/** @type {string[]} */ chosen) =>
    arms.forEach(({ name, input }) => (input.checked = chosen.includes(name)));
  set(own.arms ?? []);
  const read = () => {
    own.arms = arms.filter(({ input }) => input.checked).map(({ name }) => name);
    onChange();
  };
  arms.forEach(({ input }) => input.addEventListener("change", read));
  const update = (/** @type {Spec | undefined} */ spec) => {
    if (!own.arms && spec) set(spec.arms.map((arm) => arm.parametrization));
    const areRanks = contextOf(own.texts, spec).family === ADAPTED;
    for (const { name, input, lrs, row } of arms) {
      row.hidden = options().rank_arms.includes(name) !== areRanks;
      lrs.element.hidden = !input.checked;
      const arm = spec?.arms.find((item) => item.parametrization === name);
      if (arm) lrs.input.placeholder = arm.lrs.map((lr) => String(Number(lr.toPrecision(3)))).join(", ");
    }
  };
  const rows = arms.map(({ row }) => row);
  const legend = h("legend", { class: "visually-hidden" }, t("ui.settings.group.arms"));
  return { element: h("fieldset", { class: "checks" }, legend, rows), update };
}

/** What is measured beside sharpness. @param {OwnTexts} own changed in place @param {() => void} onChange */
export function measureChecks(own, onChange) {
  const { measures, default_measures: usual } = options();
  const boxes = measures.map((name) => box("measure", name));
  /** @type {string[]} */
  const chosen = own.measures ?? usual;
  for (const input of boxes) {
    input.checked = chosen.includes(input.value);
    input.addEventListener("change", () => {
      own.measures = boxes.filter((item) => item.checked).map((item) => item.value);
      onChange();
    });
  }
  return h(
    "fieldset",
    { class: "checks" },
    h("legend", {}, t("ui.settings.measures")),
    h("p", { class: "hint" }, t("ui.settings.measures_hint")),
    boxes.map((input) => check(input, t(`ui.measure.${input.value}`), t(`ui.measure.cost.${input.value}`))),
  );
}

/** @param {string} kind @param {string} name */
const box = (kind, name) => h("input", { type: "checkbox", id: `set-${kind}-${name}`, value: name });

/** @param {HTMLInputElement} input @param {string} name @param {string} hint */
function check(input, name, hint) {
  const words = [h("span", { class: "check-name" }, name), h("span", { class: "hint" }, hint)];
  return h("label", { class: "check", for: input.id }, input, h("span", {}, words));
}

/** @param {string} name of the arm @param {OwnTexts} own @param {() => void} onChange */
function lrsField(name, { texts }, onChange) {
  const key = `lrs.${name}`;
  const input = h("input", {
    type: "text",
    id: `set-lrs-${name}`,
    inputmode: "decimal",
    autocomplete: "off",
    value: texts[key] ?? "",
  });
  input.addEventListener("change", () => {
    texts[key] = input.value;
    onChange();
  });
  const label = h("label", { for: input.id }, t("ui.settings.lrs_of_arm"));
  return { input, element: h("div", { class: "field check-field" }, label, input) };
}
