/** Settings of which several may hold: the parametrizations that run, and what is measured besides. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { ARMS, MEASURES, USUAL_MEASURES } from "./settings_fields.js";

/**
 * The parametrizations that are trained, each with LRs of its own if wanted.
 * @param {any} texts @param {() => void} onChange
 */
export function armChecks(texts, onChange) {
  const { arms } = options();
  const boxes = new Map(arms.map((name) => [name, box("arm", name)]));
  const lrs = new Map(arms.map((name) => [name, lrsField(name, texts, onChange)]));
  const set = (chosen) => boxes.forEach((input, name) => (input.checked = chosen.includes(name)));
  set(texts.arms ?? []);
  const read = () => {
    texts.arms = arms.filter((name) => boxes.get(name).checked);
    onChange();
  };
  boxes.forEach((input) => input.addEventListener("change", read));
  const update = (/** @type {any} */ spec) => {
    if (!texts.arms && spec) set(spec.arms.map((arm) => arm.parametrization));
    lrs.forEach((field, name) => {
      const arm = spec?.arms.find((item) => item.parametrization === name);
      field.element.hidden = !boxes.get(name).checked;
      if (arm) field.input.placeholder = arm.lrs.map((lr) => String(Number(lr.toPrecision(3)))).join(", ");
    });
  };
  const rows = ARMS.map((name) =>
    h(
      "div",
      { class: "check-row" },
      check(boxes.get(name), t(`figure.arm.${name}`), t(`ui.arm.${name}`)),
      lrs.get(name).element,
    ),
  );
  return {
    element: h(
      "fieldset",
      { class: "checks" },
      h("legend", { class: "visually-hidden" }, t("ui.settings.group.arms")),
      rows,
    ),
    update,
  };
}

/** What is measured beside sharpness. @param {any} texts @param {() => void} onChange */
export function measureChecks(texts, onChange) {
  const { measures, default_measures: usual } = options();
  const boxes = measures.map((name) => box("measure", name));
  for (const input of boxes) {
    input.checked = (texts.measures ?? usual).includes(input.value);
    input.addEventListener("change", () => {
      texts.measures = boxes.filter((item) => item.checked).map((item) => item.value);
      onChange();
    });
  }
  const rows = boxes.map((input) => check(input, t(`ui.measure.${input.value}`), t(`ui.measure.cost.${input.value}`)));
  return h(
    "fieldset",
    { class: "checks" },
    h("legend", {}, t("ui.settings.measures")),
    h("p", { class: "hint" }, t("ui.settings.measures_hint")),
    rows,
  );
}

const box = (kind, name) => h("input", { type: "checkbox", id: `set-${kind}-${name}`, value: name });

const check = (input, name, hint) =>
  h(
    "label",
    { class: "check", for: input.id },
    input,
    h("span", {}, h("span", { class: "check-name" }, name), h("span", { class: "hint" }, hint)),
  );

function lrsField(name, texts, onChange) {
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
  return {
    input,
    element: h(
      "div",
      { class: "field check-field" },
      h("label", { for: input.id }, t("ui.settings.lrs_of_arm")),
      input,
    ),
  };
}
