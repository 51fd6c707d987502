/** For a table of runs that was uploaded as data: judge it as a sweep, without choosing the file again. */

import { post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote, note } from "../base/note.js";
import { go } from "../base/router.js";

/** @import { Dataset, DataWarning, Sweep } from "../../types/answers.js" */

/** @param {DataWarning} found */
export const isOfSweep = ({ code }) => code === "dataset.looks_like_sweep";

/**
 * What a table of runs is taken for, and the way to have it judged.
 * @param {Dataset} dataset @param {AbortSignal} signal
 */
export function sweepNote(dataset, signal) {
  const found = dataset.profile.notes.find(isOfSweep);
  if (!found || dataset.example) return null;
  return note("warn", t(`warning.${found.code}`, found.params), judgeButton(dataset, signal));
}

/** @param {Dataset} dataset @param {AbortSignal} signal */
function judgeButton(dataset, signal) {
  const problem = h("div", { "aria-live": "polite" });
  const attributes = { type: "button", class: "button", data: { action: "judge" } };
  const button = h("button", attributes, t("ui.profile.judge_as_sweep"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    fill(problem, h("p", { class: "hint" }, t("ui.sweep.reading", { name: dataset.name })));
    try {
      /** @type {Sweep} */
      const sweep = await post(`/sweeps/of-dataset/${dataset.id}`, undefined, { signal });
      go(`/sweeps/${sweep.id}`);
    } catch (error) {
      if (!signal.aborted) fill(problem, errorNote(error));
      button.disabled = false;
    }
  });
  return h("div", {}, button, problem);
}
