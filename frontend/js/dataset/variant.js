/** Reading a stored file once more: what its owner chose stays, what is wished changes. */

import { post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { merged } from "./reading.js";

/** @import { Dataset } from "../../types/answers.js" */
/** @import { Child } from "../../types/page.js" */

/**
 * A button that reads the file with other options, and says beneath it why that cannot be done.
 * @param {Dataset} dataset @param {Child} words on it @param {Record<string, unknown>} wishes
 * @param {(variant: Dataset) => void} onVariant @param {AbortSignal} signal
 */
export function variantButton(dataset, words, wishes, onVariant, signal) {
  const problem = h("div", { "aria-live": "polite" });
  const button = h("button", { type: "button", class: "button", data: { action: "variant" } }, words);
  button.addEventListener("click", async () => {
    button.disabled = true;
    fill(problem, h("p", { class: "hint" }, t("ui.profile.reading")));
    try {
      onVariant(await post(`/datasets/${dataset.id}/variants`, merged(dataset, wishes), { signal }));
    } catch (error) {
      if (!signal.aborted) fill(problem, errorNote(error));
    } finally {
      button.disabled = false;
    }
  });
  return h("div", {}, button, problem);
}
