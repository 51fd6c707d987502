/** Reading a stored file once more: what its owner chose stays, what is wished changes. */

import { post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";

/** @import { Dataset } from "../../types/answers.js" */
/** @import { Child } from "../../types/page.js" */

/**
 * @typedef {object} Wishes options of the reader; null leaves one to its guess
 * @property {string | null} [label] @property {string | null} [task] @property {string | null} [split]
 * @property {boolean} [log_target]
 */

/** The decision on an option, if the file left one to make. @param {Dataset} dataset @param {string} option */
export const decisionOf = ({ profile }, option) => profile.decisions.find((each) => each.option === option);

/** The options a dataset was read with, as far as a variant takes them. @param {Dataset} dataset @returns {Wishes} */
export function optionsOf(dataset) {
  const split = decisionOf(dataset, "split");
  return {
    label: dataset.profile.label,
    task: dataset.shape.task,
    split: split && !split.is_guessed ? split.value : null,
    log_target: dataset.shape.is_log_label,
  };
}

/**
 * What another label leaves of the options: it is another task, the logarithm of the one before says nothing of
 * it, and it cannot divide the rows.
 * @param {Dataset} dataset @param {string} label @returns {Wishes}
 */
export function withLabel(dataset, label) {
  const { split = null } = optionsOf(dataset);
  return { label, task: null, log_target: false, split: split?.endsWith(`:${label}`) ? null : split };
}

/** @param {Dataset} dataset @param {Wishes} wishes @param {AbortSignal} signal @returns {Promise<Dataset>} */
export function readVariant(dataset, wishes, signal) {
  const body = { delimiter: dataset.profile.delimiter ?? ",", ...optionsOf(dataset), ...wishes };
  return post(`/datasets/${dataset.id}/variants`, body, { signal });
}

/**
 * A button that reads the file with other options, and says beneath it why that cannot be done.
 * @param {Dataset} dataset @param {Child} words on it @param {Wishes} wishes
 * @param {(variant: Dataset) => void} onVariant @param {AbortSignal} signal
 */
export function variantButton(dataset, words, wishes, onVariant, signal) {
  const problem = h("div", { "aria-live": "polite" });
  const button = h("button", { type: "button", class: "button", data: { action: "variant" } }, words);
  button.addEventListener("click", async () => {
    button.disabled = true;
    fill(problem, h("p", { class: "hint" }, t("ui.profile.reading")));
    try {
      onVariant(await readVariant(dataset, wishes, signal));
    } catch (error) {
      if (!signal.aborted) fill(problem, errorNote(error));
    } finally {
      button.disabled = false;
    }
  });
  return h("div", {}, button, problem);
}
