/** For a text file that is a table after all: read it once more as one, whatever its delimiter. */

import { post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";

/** @import { Dataset } from "../../types/answers.js" */

/** @param {Dataset} dataset @param {(variant: Dataset) => void} onVariant @param {AbortSignal} signal */
export function readAsTable(dataset, onVariant, signal) {
  const problem = h("div", {});
  const button = h("button", { type: "button", class: "button" }, t("ui.profile.read_as_table"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    fill(problem, h("p", { class: "hint", role: "status" }, t("ui.profile.reading")));
    try {
      onVariant(await post(`/datasets/${dataset.id}/variants`, { kind: "table" }, { signal }));
    } catch (error) {
      if (!signal.aborted) fill(problem, errorNote(error));
    } finally {
      button.disabled = false;
    }
  });
  return h(
    "div",
    { class: "field" },
    h("p", { class: "hint" }, t("ui.profile.is_table")),
    h("div", {}, button),
    problem,
  );
}
