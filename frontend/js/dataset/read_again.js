/** For a text file that is a table after all: read it once more as one, whatever its delimiter. */

import { ApiError, post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { delimiterOf } from "./delimiter.js";

/** @import { Dataset } from "../../types/answers.js" */

/** @param {Dataset} dataset @param {(variant: Dataset) => void} onVariant @param {AbortSignal} signal */
export function readAsTable(dataset, onVariant, signal) {
  const problem = h("div", {});
  const button = h("button", { type: "button", class: "button" }, t("ui.profile.read_as_table"));
  const read = (/** @type {string} */ delimiter) =>
    post(`/datasets/${dataset.id}/variants`, { kind: "table", delimiter }, { signal });
  button.addEventListener("click", async () => {
    button.disabled = true;
    fill(problem, h("p", { class: "hint", role: "status" }, t("ui.profile.reading")));
    try {
      onVariant(await read(",").catch((error) => read(foundBy(error))));
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

/** The delimiter that the server found; any other error stays one. @param {unknown} error */
function foundBy(error) {
  if (!(error instanceof ApiError) || error.code !== "dataset.wrong_delimiter") throw error;
  return delimiterOf(String(error.params.found));
}
