/** Reads a stored file once more with another answer; what its owner answered before stays. */

import { post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";

/** @import { Dataset } from "../../types/answers.js" */
/** @typedef {(answers: Record<string, unknown>) => Promise<void>} Read */
/** @typedef {{read: Read, place: HTMLElement, disable: (element: {disabled: boolean}) => void}} Reader */

/**
 * A reader and the place where its progress and refusals are shown.
 * @param {Dataset} dataset @param {(variant: Dataset) => void} onVariant @param {AbortSignal} signal @returns {Reader}
 */
export function readerOf(dataset, onVariant, signal) {
  const place = h("div", {});
  /** @type {{disabled: boolean}[]} */
  const controls = [];
  const disable = (/** @type {boolean} */ isOff) => controls.forEach((control) => (control.disabled = isOff));
  return {
    place,
    disable: (element) => void controls.push(element),
    read: async (answers) => {
      disable(true);
      fill(place, h("p", { class: "hint", role: "status" }, t("ui.profile.reading")));
      try {
        onVariant(await post(`/datasets/${dataset.id}/variants`, merged(dataset, answers), { signal }));
        fill(place);
      } catch (error) {
        if (!signal.aborted) fill(place, errorNote(error));
        throw error;
      } finally {
        disable(false);
      }
    },
  };
}

/**
 * The answers so far with new ones; uses of columns are joined, and null takes one back.
 * @param {Dataset} dataset @param {Record<string, unknown>} answers
 */
export function merged({ profile }, answers) {
  const before = /** @type {Record<string, unknown>} */ (profile.recipe.options);
  const kept = "label" in answers ? ofOtherLabel(before, String(answers.label)) : before;
  const uses = { .../** @type {object} */ (before.columns), .../** @type {object} */ (answers.columns) };
  const columns = Object.fromEntries(Object.entries(uses).filter(([, use]) => use !== null));
  return { ...kept, ...answers, columns };
}

/**
 * What another label leaves of the answers: it is another task, the logarithm of the one before says nothing of
 * it, and it cannot divide the rows.
 * @param {Record<string, unknown>} before @param {string} label
 */
function ofOtherLabel({ task: _task, log_target: _log, split, ...rest }, label) {
  return split === undefined || String(split).endsWith(`:${label}`) ? rest : { ...rest, split };
}
