/** The LR of each arm that the figures show: the one chosen, else the one the server chose. */

import { figure as digits } from "../base/format.js";
import { t } from "../base/i18n.js";
import { lrText, referenceArm } from "./figure_controls.js";

/** @import { Experiment, FigureMeta } from "../../types/answers.js" */

/**
 * @param {Experiment} experiment @param {HTMLSelectElement} select the list of LRs, whose first entry is none
 * @param {() => string} scenario the one that is shown
 */
export function shownLrs({ spec, conditions }, select, scenario) {
  const { parametrization: reference } = referenceArm(spec);
  /** The grids under the shown scenario: momentum moves them. */
  const grids = () => conditions.find((item) => item.scenario === scenario())?.lrs ?? {};
  const lrs = Object.fromEntries(Object.entries(grids()).map(([arm, own]) => [arm, own[own.length >> 1]]));
  const [auto, ...entries] = select.options;
  /** @type {Set<() => void>} */
  const listeners = new Set();
  /** Numbers of the LRs at which sharpness was measured: at others its figures stay empty. @type {number[]} */
  let measured = [];
  const entryText = (/** @type {number} */ lr, /** @type {number} */ index) =>
    measured.includes(index) ? t("ui.figure.lr_measured", { lr: lrText(lr) }) : lrText(lr);
  const tell = () => listeners.forEach((listener) => listener());
  const relabel = () => {
    entries.forEach((option, index) => (option.textContent = entryText(grids()[reference][index], index)));
    auto.textContent = t("ui.figure.lr_auto");
  };
  relabel();
  return {
    current: () => lrs,
    onLr: (/** @type {() => void} */ listener) => void listeners.add(listener),
    onScenario: () => {
      relabel();
      tell();
    },
    onMeta: (/** @type {FigureMeta} */ meta, /** @type {string} */ name) => {
      if (meta.lr_index === null) return;
      if (name === "sharpness" && meta.lrs_with_values.length < entries.length) {
        measured = meta.lrs_with_values;
        relabel();
      }
      const shown = grids()[reference][meta.lr_index];
      if (!select.value) auto.textContent = t("ui.figure.lr_auto_is", { lr: digits(shown) });
      const found = Object.entries(grids()).map(([arm, own]) => [arm, nearest(own, shown)]);
      const isNew = found.some(([arm, lr]) => lrs[arm] !== lr);
      Object.assign(lrs, Object.fromEntries(found));
      if (isNew) tell();
    },
  };
}

/** As the server chooses for another arm. @param {number[]} values @param {number} lr */
export function nearest(values, lr) {
  const distance = (/** @type {number} */ value) => Math.abs(Math.log(value / lr));
  return values.reduce((best, value) => (distance(value) < distance(best) ? value : best));
}
