/** What a plan will train, in a few lines; what is as usual goes without saying. */

import { h } from "../base/dom.js";
import { figure, list, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { scenarioText } from "../base/scenario_text.js";
import { note } from "../base/note.js";

/** @param {any} found a plan @param {string} task of the dataset */
export function planDetails({ spec, control, are_steps_cut, device, slots }, task) {
  const lrs = spec.arms[0].lrs;
  const entries = [
    ["question", question(spec, control)],
    ...(spec.model.family === "residual_mlp" ? [] : [["model", t(`ui.family.${spec.model.family}`)]]),
    ["widths", list(spec.widths)],
    ...(spec.depths.length > 1 ? [["depths", list(spec.depths)]] : []),
    ...(spec.optimizer.kind === "sgd" ? [] : [["optimizer", t(`ui.optimizer.${spec.optimizer.kind}`)]]),
    ...(spec.scenarios.length > 1
      ? [
          [
            "scenarios",
            h(
              "ul",
              { class: "plain" },
              spec.scenarios.map((scenario) => h("li", {}, scenarioText(scenario, task))),
            ),
          ],
        ]
      : []),
    [
      "lrs",
      t("ui.plan.lr_range", { count: lrs.length, low: figure(Math.min(...lrs)), high: figure(Math.max(...lrs)) }),
    ],
    ["seeds", t("ui.plan.seed_count", { count: spec.seeds.length })],
    ["steps", number(spec.num_steps) + (are_steps_cut ? t("ui.plan.steps_cut") : "")],
    ["device", t(`ui.plan.on_${device}`, { count: slots })],
  ];
  return [
    h(
      "dl",
      { class: "pairs" },
      entries.map(([name, value]) => h("div", {}, h("dt", {}, t(`ui.plan.${name}`)), h("dd", {}, value))),
    ),
    control
      ? h("p", { class: "hint" }, t(`ui.plan.why_control.${control}`))
      : note("warn", t("ui.plan.no_control_why")),
  ];
}

/** The usual pair in words; any other choice of arms by their names. */
function question({ arms }, control) {
  const names = arms.map((arm) => arm.parametrization);
  if (names.length === 2 && names.includes("mup") && control)
    return t("ui.plan.arms", { control: t(`figure.arm.${control}`) });
  return [...names.map((name) => t(`figure.arm.${name}`)), control ? null : t("ui.plan.no_control")]
    .filter(Boolean)
    .join(" · ");
}
