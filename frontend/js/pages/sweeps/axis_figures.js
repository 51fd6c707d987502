/** The figures of a sweep: losses over the rates, best rate, cost of reuse; for one arm, axis and set of conditions. */

import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { query, remember } from "../../base/router.js";
import { figure } from "../../figures/figure.js";
import { armName, axisName, levelsText } from "./sweep_words.js";

/** @import { Sweep } from "../../../types/answers.js" */
/** @import { Choosable } from "../../../types/page.js" */

const FIGURES = ["lr_loss", "best_lr", "cost"];

/** @typedef {{axis: number, stratum: number}} Chosen places of the axis and of the conditions */

/** @param {Sweep} sweep @param {AbortSignal} signal */
export function axisFigures(sweep, signal) {
  const { id, name, reading } = sweep;
  if (reading.axes.length === 0) return h("section", {});
  const chosen = firstShown(reading);
  /** @type {Choosable[]} */
  const made = [];
  const choices = choosing(reading.axes, chosen, () => made.forEach((each) => each.choose()));
  const wish = () =>
    /** @type {[string, string][]} */ ([
      ["axis", String(chosen.axis)],
      ["stratum", String(chosen.stratum)],
    ]);
  const nothing = () => {};
  for (const each of FIGURES) {
    const subject = { title: name, name: `sweep-${each}`, path: `/sweeps/${id}/figures/${each}`, hasTable: true };
    made.push(figure(subject, wish, nothing, nothing, signal));
  }
  return h(
    "section",
    { class: "figures", id: "sweep-figures" },
    h("div", { class: "section-head" }, h("h2", {}, t("ui.figure.title")), choices),
    made.map(({ element }) => element),
  );
}

/** The curves that the address names, else those of the arm that decides. @param {Sweep["reading"]} reading */
function firstShown({ axes, answer }) {
  const judged = JSON.stringify(answer?.judged_arm ?? {});
  const first = Math.max(
    0,
    axes.findIndex((axis) => JSON.stringify(axis.arm) === judged),
  );
  const place = Number(query("axis") ?? first);
  return { axis: place in axes ? place : first, stratum: Number(query("conditions") ?? 0) };
}

/** @param {Sweep["reading"]["axes"]} axes @param {Chosen} chosen changed in place @param {() => void} onChange */
function choosing(axes, chosen, onChange) {
  const [which, strata] = [select("axis"), select("conditions")];
  const offer = () => {
    const { strata: found } = axes[chosen.axis];
    if (!(chosen.stratum in found)) chosen.stratum = 0;
    strata.replaceChildren(...found.map(({ held }, at) => option(at, levelsText(held) || t("ui.sweep.all_runs"))));
    strata.value = String(chosen.stratum);
  };
  const take = (/** @type {Chosen} */ wished) => {
    Object.assign(chosen, wished);
    offer();
    remember({ axis: String(chosen.axis), conditions: String(chosen.stratum) });
    onChange();
  };
  const names = axes.map(({ arm, axis }) => [armName(arm), axisName(axis)].filter(Boolean).join(" · "));
  which.append(...names.map((words, at) => option(at, words)));
  which.value = String(chosen.axis);
  which.addEventListener("change", () => take({ axis: Number(which.value), stratum: 0 }));
  strata.addEventListener("change", () => take({ axis: chosen.axis, stratum: Number(strata.value) }));
  offer();
  const hasSeveral = axes.some((axis) => axis.strata.length > 1);
  return [field(which, "ui.sweep.choose_axis"), hasSeveral ? field(strata, "ui.sweep.choose_conditions") : null];
}

/** @param {string} name */
const select = (name) => h("select", { id: `sweep-${name}` });

/** @param {number} at @param {string} words */
const option = (at, words) => h("option", { value: String(at) }, words);

/** @param {HTMLSelectElement} choice @param {string} key */
const field = (choice, key) => h("div", { class: "field" }, h("label", { for: choice.id }, t(key)), choice);
