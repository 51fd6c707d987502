/** Controls of a sweep's answer: arm, axis and target that are shown stand in the address, the law with the sweep. */

import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { query, remember } from "../../base/router.js";
import { lawForm } from "./law_form.js";
import { armName, axisName, levelText } from "./sweep_words.js";

/** @import { Sweep, SweepAnswer, SweepArm } from "../../../types/answers.js" */
/** @typedef {{arm: string, along: string, to: string}} Focus names; empty where all are shown */
/** @import { Law } from "./law_form.js" */

/** What the address asks to be shown, as far as the answer has it. @param {SweepAnswer} found @returns {Focus} */
export function focusOf(found) {
  const arm = taken(found.arms.map(nameOf), "arm");
  const names = axisNames(found, arm);
  const along = names.length === 1 ? names[0] : taken(names, "along");
  return { arm, along, to: taken(targetsOf(found, arm, along).map(String), "to") };
}

/** @param {readonly string[]} names @param {string} part */
const taken = (names, part) => names.find((name) => name === query(part)) ?? "";

/** @param {SweepArm} arm */
const nameOf = ({ arm }) => armName(arm);

/** @param {SweepAnswer} found @param {string} arm */
const armsOf = (found, arm) => found.arms.filter((each) => !arm || nameOf(each) === arm);

/** @param {SweepAnswer} found @param {string} arm */
const axesOf = (found, arm) => armsOf(found, arm).flatMap(({ axes }) => axes);

/** @param {SweepAnswer} found @param {string} arm */
const axisNames = (found, arm) => [...new Set(axesOf(found, arm).map(({ axis }) => axis))];

/**
 * Levels that something is compared with on the chosen axis.
 * @param {SweepAnswer} found @param {string} arm @param {string} along
 */
function targetsOf(found, arm, along) {
  const axes = along ? axesOf(found, arm).filter(({ axis }) => axis === along) : [];
  return [...new Set(axes.flatMap(({ comparisons }) => comparisons.map(({ target }) => target)))];
}

/** The part of an answer that is asked for, with its own outcome. @param {SweepAnswer} found @param {Focus} focus */
export function focused(found, focus) {
  if (!focus.arm && !focus.along) return found;
  const arms = armsOf(found, focus.arm).map((each) => ({ ...each, axes: axesShown(each, focus) }));
  const name = focus.arm || armName(found.judged_arm);
  const judged = arms.find((each) => nameOf(each) === name) ?? arms[0];
  return { ...found, arms, outcome: outcomeOf(judged, focus), judged_arm: judged.arm };
}

/** @param {SweepArm} arm @param {Focus} focus */
const axesShown = ({ axes }, { along, to }) =>
  axes
    .filter(({ axis }) => !along || axis === along)
    .map((axis) => ({ ...axis, comparisons: axis.comparisons.filter(({ target }) => !to || String(target) === to) }));

/** The outcome of the one comparison, else of the axis, else of the arm. @param {SweepArm} arm @param {Focus} focus */
function outcomeOf({ axes, outcome }, { along, to }) {
  const axis = along ? axes[0] : undefined;
  const [single, another] = to && axis ? axis.comparisons : [];
  const said = single && !another ? single : axis;
  return said ? said.outcome : outcome;
}

/**
 * @param {Sweep} sweep @param {SweepAnswer} found @param {() => void} onFocus @param {(law: Law) => unknown} onLaw
 */
export function controls(sweep, found, onFocus, onLaw) {
  const focus = focusOf(found);
  const show = (/** @type {Partial<Focus>} */ wish) => {
    remember({ ...focus, ...wish });
    onFocus();
  };
  return h(
    "section",
    { class: "panel stack", id: "sweep-controls" },
    h("h2", {}, t("ui.sweep.shown")),
    h(
      "div",
      { class: "row" },
      choice("arm", found.arms.map(nameOf), String, focus.arm, (arm) => show({ arm, along: "", to: "" })),
      choice("along", axisNames(found, focus.arm), axisName, focus.along, (along) => show({ along, to: "" })),
      choice(
        "to",
        targetsOf(found, focus.arm, focus.along).map(String),
        (to) => levelText(Number.isNaN(Number(to)) ? to : Number(to)),
        focus.to,
        (to) => show({ to }),
      ),
    ),
    lawForm(sweep.choices.law, onLaw),
  );
}

/**
 * A choice among names; nothing where there is none.
 * @param {string} part @param {readonly string[]} names @param {(name: string) => string} words @param {string} chosen
 * @param {(name: string) => void} onChoose
 */
function choice(part, names, words, chosen, onChoose) {
  if (names.length < 2) return null;
  const all = h("option", { value: "" }, t("ui.sweep.all"));
  const options = [all, names.map((name) => h("option", { value: name }, words(name)))];
  const select = h("select", { id: `sweep-show-${part}` }, options);
  select.value = chosen;
  select.addEventListener("change", () => onChoose(select.value));
  return h("div", { class: "field" }, h("label", { for: select.id }, t(`ui.sweep.show.${part}`)), select);
}
