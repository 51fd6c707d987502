/** The place to drop a file: idle, sending, being read, refused. */

import { isAbort } from "../base/api.js";
import { delimiterOf } from "./delimiter.js";
import { fill, h, icon } from "../base/dom.js";
import { percent } from "../base/format.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";
import { uploadFile } from "./upload_request.js";
import { errorNote } from "../base/note.js";

/** @param {(dataset: any) => void} onStored @param {AbortSignal} signal @returns {HTMLElement} */
export function upload(onStored, signal) {
  const box = h("div", { class: "drop" });

  const idle = (error = null, again = null) => {
    box.dataset.state = error ? "refused" : "idle";
    const input = h("input", {
      type: "file",
      accept: ".csv,.txt,.npz,text/csv,text/plain",
      class: "visually-hidden",
      id: "file",
    });
    input.addEventListener("change", () => input.files[0] && send(input.files[0]));
    fill(
      box,
      error ? errorNote(error, again) : icon(ICONS.upload, "icon-large"),
      h("p", { class: "drop-title" }, t(error ? "ui.upload.again" : "ui.upload.drop")),
      h(
        "div",
        { class: "drop-pick" },
        input,
        h("label", { for: "file", class: "button button-main" }, t("ui.upload.choose")),
      ),
      h("p", { class: "hint" }, t("ui.upload.formats")),
    );
  };

  /** @param {File} file @param {{delimiter?: string}} [options] */
  const send = async (file, options = {}) => {
    const stop = new AbortController();
    const forget = () => stop.abort();
    signal.addEventListener("abort", forget);
    const bar = h("progress", { max: 1, value: 0, "aria-label": t("ui.upload.sending", { name: file.name }) });
    const words = h("p", { class: "drop-title", role: "status" }, t("ui.upload.sending", { name: file.name }));
    const share = h("span", { class: "number" }, percent(0));
    const cancel = h(
      "button",
      { type: "button", class: "button", on: { click: forget } },
      t("ui.action.cancel_upload"),
    );
    box.dataset.state = "sending";
    fill(box, words, h("div", { class: "drop-bar" }, bar, share), cancel);
    const onProgress = (/** @type {number} */ done) => {
      bar.value = done;
      fill(share, percent(done));
      if (done === 1) {
        fill(words, t("ui.upload.reading", { name: file.name }));
        bar.removeAttribute("value");
      }
    };
    try {
      onStored(await uploadFile(file, options, onProgress, stop.signal));
    } catch (error) {
      if (!signal.aborted)
        idle(isAbort(error) ? null : error, isAbort(error) ? null : otherDelimiter(error, file, send));
    } finally {
      signal.removeEventListener("abort", forget);
    }
  };

  const over = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    box.classList.toggle("is-over", event.type === "dragover");
  };
  box.addEventListener("dragover", over);
  box.addEventListener("dragleave", over);
  box.addEventListener("drop", (/** @type {DragEvent} */ event) => {
    over(event);
    const file = event.dataTransfer?.files[0];
    if (file && box.dataset.state !== "sending") send(file);
  });
  idle();
  return box;
}

/** Offer to read the same file once more where only its delimiter was the matter. */
function otherDelimiter(error, file, send) {
  if (error.code !== "dataset.wrong_delimiter") return null;
  const { found } = error.params;
  const click = () => send(file, { delimiter: delimiterOf(found) });
  return h("button", { type: "button", class: "button", on: { click } }, t("ui.upload.delimiter", { found }));
}
