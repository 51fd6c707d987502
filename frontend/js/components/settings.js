/** What an engineer may set; an empty field means the server's own choice, shown as the placeholder. */

import { h } from "../dom.js";
import { t } from "../i18n.js";
import { numbers } from "../plan_wishes.js";

const LOSSES = {
  classification: ["cross_entropy", "squared_error"],
  regression: ["squared_error"],
  language_modelling: ["cross_entropy"],
};
const FIELDS = ["widths", "num_seeds", "num_steps", "lrs"];

/**
 * @param {any} dataset @param {any} own the settings made so far, changed in place
 * @param {() => void} onChange @param {() => any} spec the latest previewed spec
 */
export function settings(dataset, own, onChange, spec) {
  const texts = (own.texts ??= {});
  const inputs = Object.fromEntries(FIELDS.map((name) => [name, input(name, texts[name] ?? "")]));
  const losses = LOSSES[dataset.shape.task];
  const loss = h("select", { id: "set-loss" }, losses.map((value) => h("option", { value }, t(`ui.loss.${value}`))));
  loss.value = own.values?.loss ?? losses[0];
  const read = () => {
    for (const name of FIELDS) texts[name] = inputs[name].value;
    own.values = valuesOf(texts, loss.value === losses[0] ? null : loss.value, spec());
    onChange();
  };
  for (const element of [...Object.values(inputs), loss]) element.addEventListener("change", read);
  const box = h(
    "details",
    { class: "fold", open: own.isOpen ?? false },
    h("summary", {}, t("ui.settings.title")),
    h("p", { class: "hint" }, t("ui.settings.hint")),
    h("div", { class: "fields" }, FIELDS.map((name) => field(name, inputs[name])), field("loss", loss)),
  );
  box.addEventListener("toggle", () => (own.isOpen = box.open));
  return { element: box, show: (/** @type {any} */ shown) => placeholders(inputs, shown) };
}

function input(name, value) {
  const mode = name === "lrs" ? "decimal" : "numeric";
  return h("input", { type: "text", id: `set-${name}`, inputmode: mode, autocomplete: "off", value });
}

const field = (name, control) =>
  h("div", { class: "field" }, h("label", { for: control.id }, t(`ui.settings.${name}`)), control);

function valuesOf(texts, loss, spec) {
  const values = {};
  const widths = numbers(texts.widths);
  const lrs = numbers(texts.lrs);
  if (widths) values.widths = widths;
  if (numbers(texts.num_seeds)) values.num_seeds = numbers(texts.num_seeds)[0];
  if (numbers(texts.num_steps)) values.num_steps = numbers(texts.num_steps)[0];
  if (loss) values.loss = loss;
  if (lrs) values.lrs = { values: lrs, arms: spec ? spec.arms.map((arm) => arm.parametrization) : ["mup"] };
  return values;
}

function placeholders(inputs, spec) {
  inputs.widths.placeholder = spec.widths.join(", ");
  inputs.num_seeds.placeholder = String(spec.seeds.length);
  inputs.num_steps.placeholder = String(spec.num_steps);
  inputs.lrs.placeholder = spec.arms[0].lrs.map((lr) => String(Number(lr.toPrecision(3)))).join(", ");
}
