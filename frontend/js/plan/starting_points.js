/** Where a plan starts from: usual practice, the paper's settings, or one's own; what is set besides goes before. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { options, setting, valuesOfSetting } from "../base/options.js";

/** @import { PlanChoices } from "../../types/page.js" */
/** @import { Values } from "./plan_request.js" */

/** One's own settings: those of the first recipe, with the fields open. */
export const OWN = "own";

/** @returns {string[]} */
export const startingPoints = () => [...valuesOfSetting("recipe"), OWN];

/** The recipe that fills what is not set. @param {string} start */
export const recipeOf = (start) => (start === OWN ? valuesOfSetting("recipe")[0] : start);

/**
 * The optimizer of a recipe with what was set of it; of another kind, what was set alone.
 * @param {Values} written @param {string} recipe @param {string} family of the model @returns {Values}
 */
export function wholeOptimizer(written, recipe, family) {
  const found = options().recipes.find(({ name }) => name === recipe);
  const proposed = found?.of_family[family] ?? found?.optimizer;
  const kind = String(written.kind ?? proposed?.kind);
  const heard = Object.entries(written).filter(([name]) => isRead(name, kind));
  const { schedule, ...others } = Object.fromEntries(heard);
  if (kind !== proposed?.kind) return { kind, ...others, ...(schedule ? { schedule } : {}) };
  return { ...proposed, ...others, schedule: { ...proposed.schedule, .../** @type {Values} */ (schedule) } };
}

/** Whether a kind of optimizer reads an argument. @param {string} name @param {string} kind */
function isRead(name, kind) {
  /** @type {string[] | null} */
  const readers = setting(`optimizer.${name}`)?.optimizers ?? null;
  return readers === null || readers.includes(kind);
}

/**
 * @param {PlanChoices} choices changed in place @param {() => void} onChange
 * @param {() => void} openSettings shows the fields of one's own settings
 */
export function startingPointCards(choices, onChange, openSettings) {
  const card = (/** @type {string} */ name) => {
    const input = h("input", { type: "radio", name: "start", value: name, id: `start-${name}` });
    input.checked = choices.start === name;
    input.addEventListener("change", () => {
      choices.start = name;
      if (name === OWN) openSettings();
      onChange();
    });
    const title = h("span", { class: "preset-name" }, t(`ui.start.${name}`));
    return h(
      "label",
      { class: "start-card", for: input.id },
      input,
      title,
      h("span", { class: "hint" }, t(`ui.start.means.${name}`)),
    );
  };
  const legend = h("legend", { class: "plan-legend" }, t("ui.start.title"));
  return h("fieldset", { class: "presets" }, legend, startingPoints().map(card));
}
