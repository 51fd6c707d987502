/** What a plan will train, in a few lines; what is as usual goes without saying. */

import { h } from "../base/dom.js";
import { about, figure, list, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { note } from "../base/note.js";
import { options } from "../base/options.js";
import { scenarioText } from "../words/scenario_text.js";
import { plainList } from "../base/tables.js";
import { withTerms } from "../words/terms.js";
import { ADAPTED } from "./brought/brought_choice.js";

/** @import { Plan, Shape } from "../../types/answers.js" */
/** @import { Child } from "../../types/page.js" */

/** @param {Plan} found @param {Shape["task"]} task of the dataset */
export function planDetails(found, task) {
  const entries = lines(found, task).filter(([, value]) => value !== null);
  const pairs = entries.map(([name, value]) =>
    h("div", {}, h("dt", {}, withTerms(t(`ui.plan.${name}`))), h("dd", {}, explained(value))),
  );
  const { control } = found;
  return [
    h("dl", { class: "pairs" }, pairs),
    control
      ? h("p", { class: "hint" }, withTerms(t(`ui.plan.why_control.${control}`)))
      : note("warn", t("ui.plan.no_control_why")),
  ];
}

/** Words are explained where a value is a text. @param {Child} value @returns {Child} */
const explained = (value) => (typeof value === "string" ? withTerms(value) : value);

/** Arms that are not made to reuse a learning rate. */
const CONTROLS = new Set(["sp", "ntp"]);

/**
 * Names and values; null for what is as usual.
 * @param {Plan} found @param {Shape["task"]} task @returns {[string, Child][]}
 */
function lines(found, task) {
  const { spec, are_steps_cut: areCut, device, slots } = found;
  const { family } = spec.model;
  const names = spec.scenarios.map((scenario) => scenarioText(scenario, task));
  return [
    ["question", question(found)],
    [
      "model",
      family === "residual_mlp" ? null : "network" in spec.model ? spec.model.network : t(`ui.family.${family}`),
    ],
    [family === ADAPTED ? "ranks" : "widths", list(spec.widths)],
    ["depths", spec.depths.length > 1 ? list(spec.depths) : null],
    ["optimizer", optimizerText(spec.optimizer)],
    ["scenarios", names.length > 1 ? plainList(names) : null],
    ["lrs", lrRange(spec.arms[0].lrs)],
    ["seeds", t("ui.plan.seed_count", { count: spec.seeds.length })],
    ["steps", number(spec.num_steps) + (areCut ? t("ui.plan.steps_cut") : "")],
    ["device", t(`ui.plan.on_${device}`, { count: slots })],
  ];
}

/** The optimizer and how its rate goes on. @param {Plan["spec"]["optimizer"]} optimizer */
function optimizerText({ kind, schedule }) {
  const name = t(`ui.optimizer.${kind}`);
  const course = t(`ui.plan.schedule.${schedule.kind}`);
  return t(schedule.warmup_fraction > 0 ? "ui.plan.optimizer_warm_up" : "ui.plan.optimizer_is", { name, course });
}

/** @param {number[]} lrs */
const lrRange = (lrs) =>
  t("ui.plan.lr_range", { count: lrs.length, low: figure(Math.min(...lrs)), high: figure(Math.max(...lrs)) });

/** The usual arms in words; any other choice of arms by their names. @param {Plan} found */
function question({ spec: { arms, protocol }, control }) {
  const names = arms.map((arm) => arm.parametrization);
  const arm = (/** @type {string | undefined} */ name) => t(`figure.arm.${name}`);
  if (names.length === 2 && names.includes("mup") && control) return t("ui.plan.arms", { control: arm(control) });
  const others = names.filter((name) => name !== "mup" && name !== control);
  if (others.length === 1 && names.length === 3 && CONTROLS.has(others[0]) && control && protocol === "staged")
    return t("ui.plan.arms_in_turn", { control: arm(control), other: arm(others[0]) });
  const said = names.map(arm);
  return (control ? said : [...said, t("ui.plan.no_control")]).join(" · ");
}

/** How long it takes; among others, until its answer; and what makes it longer. @param {Plan} found */
export function estimate({ num_runs, predicted_seconds: alone, queue, spec }) {
  const runs = number(num_runs);
  const words = { runs, count: number(queue?.num_others ?? 0), alone: about(alone) };
  const price = queue
    ? t("ui.plan.estimate_in_queue", { ...words, time: about(queue.wall_seconds) })
    : t("ui.plan.estimate", { runs, time: about(alone) });
  const usual = options().default_measures;
  return spec.measures.every((name) => usual.includes(name)) ? price : t("ui.plan.estimate_measures", { price });
}
