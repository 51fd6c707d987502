/** The lists with which one chooses what the figures show. */

import { h } from "../base/dom.js";
import { figure as digits } from "../base/format.js";
import { t } from "../base/i18n.js";
import { query, remember } from "../base/router.js";
import { scenarioText } from "../words/scenario_text.js";
import { manyChoice } from "./many_choice.js";

/** @import { Experiment, Spec } from "../../types/answers.js" */

const SMOOTHING = ["0.01", "0.02", "0.05", "0.1"];
/** Two columns do not fit on a phone; it starts with µP alone. */
const NARROW = "(max-width: 640px)";
const MOST_STEPS = 20;

/** @typedef {ReturnType<typeof figureControls>} Controls null where there is nothing to choose */

/** @param {Experiment} experiment */
export function figureControls({ spec, figures, conditions, task }) {
  const reference = referenceArm(spec);
  const scenarios = conditions.map(({ scenario }) => option(scenario, scenarioText(scenario, task)));
  const lrs = reference.lrs.map((lr, index) => option(String(index), lrText(lr)));
  const hasSharpness = spec.measures.includes("raw_sharpness");
  return {
    scenario: conditions.length > 1 ? choice("scenario", scenarios, conditions[0].scenario) : null,
    arm: armChoice(spec),
    width: manyChoice("width", spec.widths.map(entry)),
    seed: manyChoice("seed", spec.seeds.map(entry)),
    seeds: choice("seeds", named(["range", "each"], "seeds"), "range"),
    run: choice("run", runOptions(spec), ""),
    smooth: choice("smooth", smoothOptions(), ""),
    lr: choice("lr", [option("", t("ui.figure.lr_auto")), ...lrs], ""),
    depth: spec.depths.length > 1 ? choice("depth", plain(spec.depths), String(spec.depths[0])) : null,
    loss: choice("loss", named(["train", "val"], "loss"), decidingLoss(spec)),
    sharpness: hasSharpness ? choice("sharpness", named(["weighted", "raw"], "sharpness"), "weighted") : null,
    scale: choice("scale", named(["log", "linear"], "scale"), "log"),
    xscale: choice("xscale", named(["linear", "log"], "scale"), "linear"),
    step: figures.includes("density") ? stepChoice(spec) : null,
  };
}

/** The loss that decides, as figures are asked for it. @param {Spec} spec */
export const decidingLoss = (spec) => (spec.deciding_loss === "train_loss" ? "train" : "val");

/** The arm whose LRs the list of LRs shows. @param {Spec} spec */
export const referenceArm = ({ arms }) => arms.find((arm) => arm.parametrization === "mup") ?? arms[0];

/** @param {number} lr */
export const lrText = (lr) => `η = ${digits(lr)}`;

/** A control below its name. @param {string} name @param {HTMLElement} control */
export function labelled(name, control) {
  const words = t(`ui.figure.choose.${name}`);
  const isFold = control instanceof HTMLDetailsElement;
  if (isFold) control.querySelector("summary")?.setAttribute("aria-describedby", `name-${control.id}`);
  const label = isFold ? h("span", { id: `name-${control.id}` }, words) : h("label", { for: control.id }, words);
  return h("div", { class: "control" }, label, control);
}

/** @param {Spec} spec */
function armChoice(spec) {
  const names = spec.arms.map(({ parametrization: name }) => ({ value: name, text: t(`figure.arm.${name}`) }));
  const isNarrow = matchMedia(NARROW).matches && spec.arms.length > 1;
  return manyChoice("arm", names, isNarrow ? [referenceArm(spec).parametrization] : []);
}

/** Every run at the shown LR, under its parametrization. @param {Spec} spec */
function runOptions(spec) {
  const groups = spec.arms.map(({ parametrization: arm }) => {
    const runs = spec.widths.flatMap((width) =>
      spec.seeds.map((seed) => option(`${arm}.${width}.${seed}`, t("ui.figure.run_is", { width, seed }))),
    );
    return h("optgroup", { label: t(`figure.arm.${arm}`) }, runs);
  });
  return [option("", t("ui.figure.run_none")), ...groups];
}

/** Shares of the training that a moving mean reaches over. */
function smoothOptions() {
  const shares = SMOOTHING.map((share) => option(share, t("ui.figure.smooth_is", { percent: Number(share) * 100 })));
  return [option("", t("ui.figure.smooth_none")), ...shares];
}

/** @param {number} value */
const entry = (value) => ({ value: String(value), text: String(value) });

/** @param {Spec} spec */
const stepChoice = (spec) => choice("step", [option("", t("ui.figure.step_last")), ...plain(someSteps(spec))], "");

/** Measurement steps, evenly thinned to a list that can be looked through. @param {Spec} spec */
function someSteps({ num_steps: last, measure_every: every }) {
  const stride = Math.ceil(last / every / MOST_STEPS);
  const steps = [];
  for (let step = 0; step < last; step += stride * every) steps.push(step);
  return [...steps, last];
}

/** @param {string} value @param {string} text */
const option = (value, text) => h("option", { value }, text);
const plain = (/** @type {number[]} */ values) => values.map((value) => option(String(value), String(value)));

/** @param {string[]} values @param {string} name */
const named = (values, name) => values.map((value) => option(value, t(`ui.figure.${name}.${value}`)));

/**
 * A list whose choice is in the address unless it is the usual one.
 * @param {string} name @param {HTMLElement[]} entries @param {string} usual
 */
function choice(name, entries, usual) {
  const select = h("select", { id: `show-${name}` }, entries);
  select.value = query(name) ?? usual;
  if (select.selectedIndex < 0) select.value = usual;
  const keep = () => select.isConnected && remember({ [name]: select.value === usual ? null : select.value });
  select.addEventListener("change", keep); // a list of another page does not change this one's address
  return select;
}
