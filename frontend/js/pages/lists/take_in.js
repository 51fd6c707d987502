/** Taking in an experiment from the file that another server gave away. */

import { isAbort, postFile } from "../../base/api.js";
import { fill, h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { errorNote } from "../../base/note.js";
import { go } from "../../base/router.js";

/** @import { Experiment } from "../../../types/answers.js" */

/** @param {AbortSignal} signal of the page */
export function takeIn(signal) {
  const status = h("div", { role: "status" });
  const input = h("input", { type: "file", accept: ".zip", class: "visually-hidden", id: "take-in" });
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    if (!file) return;
    fill(status, h("p", { class: "hint" }, t("ui.list.taking_in", { name: file.name })));
    try {
      /** @type {Experiment} */
      const experiment = await postFile("/experiments/import", file, signal, "application/zip");
      go(`/experiments/${experiment.id}`);
    } catch (error) {
      if (!isAbort(error)) fill(status, errorNote(error));
      input.value = "";
    }
  });
  return [input, h("label", { for: input.id, class: "button" }, t("ui.list.take_in")), status];
}
