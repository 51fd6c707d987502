/** The place to drop a file: idle, sending, being read, refused. */

import { ApiError, isAbort } from "../base/api.js";
import { fill, h, icon } from "../base/dom.js";
import { percent } from "../base/format.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { delimiterOf } from "./delimiter.js";
import { uploadFile } from "./upload_request.js";

/** @import { Dataset } from "../../types/answers.js" */
/** @typedef {(file: File, options?: {delimiter?: string}) => Promise<void>} Send */

const TYPES = ".csv,.txt,.npz,.npy,.zip,.gz,text/csv,text/plain";

/** @param {(dataset: Dataset) => void} onStored @param {AbortSignal} signal @returns {HTMLElement} */
export function upload(onStored, signal) {
  const box = h("div", { class: "drop" });
  /** @type {Send} */
  const send = async (file, options = {}) => {
    const stop = new AbortController();
    const forget = () => stop.abort();
    signal.addEventListener("abort", forget);
    try {
      onStored(await uploadFile(file, options, showSending(box, file.name, forget), stop.signal));
    } catch (error) {
      if (!signal.aborted) showIdle(box, send, isAbort(error) ? null : { error, file });
    } finally {
      signal.removeEventListener("abort", forget);
    }
  };
  takeDrops(box, send);
  showIdle(box, send, null);
  return box;
}

/**
 * Ask for a file; after a refusal, say why.
 * @param {HTMLElement} box @param {Send} send @param {{error: unknown, file: File} | null} refused
 */
function showIdle(box, send, refused) {
  box.dataset.state = refused ? "refused" : "idle";
  const input = h("input", { type: "file", accept: TYPES, class: "visually-hidden", id: "file" });
  input.addEventListener("change", () => input.files?.[0] && send(input.files[0]));
  fill(
    box,
    refused
      ? errorNote(refused.error, otherDelimiter(refused.error, refused.file, send))
      : icon(ICONS.upload, "icon-large"),
    h("p", { class: "drop-title" }, t(refused ? "ui.upload.again" : "ui.upload.drop")),
    h(
      "div",
      { class: "drop-pick" },
      input,
      h("label", { for: "file", class: "button button-main" }, t("ui.upload.choose")),
    ),
    h("p", { class: "hint" }, t("ui.upload.formats")),
  );
}

/**
 * Show a bar with a way to stop.
 * @param {HTMLElement} box @param {string} name of the file @param {() => void} onCancel
 * @returns {(done: number) => void} moves the bar; 1 means that the server is reading the file
 */
function showSending(box, name, onCancel) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("ui.upload.sending", { name }) });
  const words = h("p", { class: "drop-title", role: "status" }, t("ui.upload.sending", { name }));
  const share = h("span", { class: "number" }, percent(0));
  const cancel = h(
    "button",
    { type: "button", class: "button", on: { click: onCancel } },
    t("ui.action.cancel_upload"),
  );
  box.dataset.state = "sending";
  fill(box, words, h("div", { class: "drop-bar" }, bar, share), cancel);
  return (done) => {
    bar.value = done;
    fill(share, percent(done));
    if (done < 1) return;
    fill(words, t("ui.upload.reading", { name }));
    bar.removeAttribute("value");
  };
}

/** @param {HTMLElement} box @param {Send} send */
function takeDrops(box, send) {
  const over = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    box.classList.toggle("is-over", event.type === "dragover");
  };
  box.addEventListener("dragover", over);
  box.addEventListener("dragleave", over);
  box.addEventListener("drop", (event) => {
    over(event);
    const file = event.dataTransfer?.files[0];
    if (file && box.dataset.state !== "sending") send(file);
  });
}

/**
 * Offer to read the same file once more where only its delimiter was the matter.
 * @param {unknown} error @param {File} file @param {Send} send
 */
function otherDelimiter(error, file, send) {
  if (!(error instanceof ApiError) || error.code !== "dataset.wrong_delimiter") return null;
  const found = String(error.params.found);
  const click = () => send(file, { delimiter: delimiterOf(found) });
  return h("button", { type: "button", class: "button", on: { click } }, t("ui.upload.delimiter", { found }));
}
