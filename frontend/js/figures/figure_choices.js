/** What the figures show: the choices they share, kept in the address, and the LR the server chose if none is. */

import { h } from "../base/dom.js";
import { figure as digits } from "../base/format.js";
import { t } from "../base/i18n.js";
import { query, remember } from "../base/router.js";
import { scenarioText } from "../base/scenario_text.js";

/** Two columns do not fit on a phone; it starts with µP alone. */
const NARROW = "(max-width: 640px)";
const MOST_STEPS = 20;

/**
 * @param {any} experiment @param {() => void} onChange @param {AbortSignal} signal
 * @returns {{element: HTMLElement, step: HTMLElement | null, wish: (name: string) => Record<string, string>, onMeta: (meta: any) => void, lrs: () => Record<string, number>, scenario: () => string, showScenario: (scenario: string) => void, onLr: (listener: () => void) => void}}
 */
export function figureChoices({ spec, figures, conditions, task }, onChange, signal) {
  const reference = spec.arms.find((arm) => arm.parametrization === "mup") ?? spec.arms[0];
  const auto = h("option", { value: "" }, t("ui.figure.lr_auto"));
  const all = h("option", { value: "all" }, t("ui.figure.arm.all"));
  const arm = choice(
    "arm",
    [all, ...spec.arms.map(({ parametrization: name }) => h("option", { value: name }, t(`figure.arm.${name}`)))],
    matchMedia(NARROW).matches ? reference.parametrization : "all",
  );
  const lr = choice(
    "lr",
    [auto, ...reference.lrs.map((value, index) => h("option", { value: String(index) }, `η = ${digits(value)}`))],
    "",
  );
  const scenario =
    conditions.length > 1
      ? choice(
          "scenario",
          conditions.map((item) => h("option", { value: item.scenario }, scenarioText(item.scenario, task))),
          conditions[0].scenario,
        )
      : null;
  const shownScenario = () => scenario?.value ?? conditions[0].scenario;
  /** The grids under the shown scenario: momentum moves them. */
  const grids = () => conditions.find((item) => item.scenario === shownScenario()).lrs;
  const depth = spec.depths.length > 1 ? choice("depth", plain(spec.depths), String(spec.depths[0])) : null;
  const loss = choice("loss", named(["train", "val"], "loss"), "train");
  const sharpness = spec.measures.includes("raw_sharpness")
    ? choice("sharpness", named(["weighted", "raw"], "sharpness"), "weighted")
    : null;
  const scale = choice("scale", named(["log", "linear"], "scale"), "log");
  const step = figures.includes("density")
    ? choice("step", [h("option", { value: "" }, t("ui.figure.step_last")), ...plain(someSteps(spec))], "")
    : null;
  const lrs = Object.fromEntries(Object.entries(grids()).map(([name, own]) => [name, own[own.length >> 1]]));
  /** @type {Set<() => void>} */
  const listeners = new Set();

  const relabel = () => {
    [...lr.options]
      .slice(1)
      .forEach((option, index) => (option.textContent = `η = ${digits(grids()[reference.parametrization][index])}`));
    auto.textContent = t("ui.figure.lr_auto");
  };
  relabel();
  scenario?.addEventListener("change", () => (relabel(), listeners.forEach((listener) => listener())), { signal });

  const shared = { scenario, arm, lr, depth, loss, sharpness, scale };
  for (const control of [...Object.values(shared), step]) control?.addEventListener("change", onChange, { signal });
  const wish = (name) => ({
    loss: loss.value,
    y_scale: scale.value,
    ...(scenario ? { scenario: scenario.value } : {}),
    ...(lr.value ? { lr_index: lr.value } : {}),
    ...(arm.value === "all" ? {} : { parametrization: arm.value }),
    ...(depth ? { depth: depth.value } : {}),
    ...(name === "sharpness" && sharpness ? { sharpness: sharpness.value } : {}),
    ...(name === "density" && step?.value ? { step: step.value } : {}),
  });
  const onMeta = (meta) => {
    if (meta.lr_index === null) return;
    if (!lr.value)
      auto.textContent = t("ui.figure.lr_auto_is", { lr: digits(grids()[reference.parametrization][meta.lr_index]) });
    const found = Object.fromEntries(
      Object.entries(grids()).map(([name, own]) => [
        name,
        meta.lr[name] ?? nearest(own, grids()[reference.parametrization][meta.lr_index]),
      ]),
    );
    const isNew = Object.entries(found).some(([name, value]) => lrs[name] !== value);
    Object.assign(lrs, found);
    if (isNew) listeners.forEach((listener) => listener());
  };
  const controls = Object.entries(shared).map(([name, control]) => control && labelled(name, control));
  return {
    element: h("div", { class: "controls", role: "group", "aria-label": t("ui.figure.controls") }, controls),
    step: step && labelled("step", step),
    wish,
    onMeta,
    lrs: () => lrs,
    scenario: shownScenario,
    showScenario: (wanted) => {
      if (!scenario || scenario.value === wanted) return;
      scenario.value = wanted;
      scenario.dispatchEvent(new Event("change"));
    },
    onLr: (listener) => listeners.add(listener),
  };
}

const plain = (values) => values.map((value) => h("option", { value: String(value) }, String(value)));
const named = (values, name) => values.map((value) => h("option", { value }, t(`ui.figure.${name}.${value}`)));

/** As the server chooses for an arm that is not drawn. */
const nearest = (values, lr) =>
  values.reduce((best, value) => (Math.abs(Math.log(value / lr)) < Math.abs(Math.log(best / lr)) ? value : best));

/** Measurement steps, evenly thinned to a list that can be looked through. */
function someSteps({ num_steps: last, measure_every: every }) {
  const stride = Math.ceil(last / every / MOST_STEPS);
  const steps = [];
  for (let step = 0; step < last; step += stride * every) steps.push(step);
  return [...steps, last];
}

/** A list whose choice is in the address unless it is the usual one. */
function choice(name, entries, usual) {
  const select = h("select", { id: `show-${name}` }, entries);
  select.value = query(name) ?? usual;
  if (select.selectedIndex < 0) select.value = usual;
  select.addEventListener("change", () => remember({ [name]: select.value === usual ? null : select.value }));
  return select;
}

const labelled = (name, select) =>
  h("div", { class: "control" }, h("label", { for: select.id }, t(`ui.figure.choose.${name}`)), select);
