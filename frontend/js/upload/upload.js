/** The place to drop a file: idle, sending, being read, refused. */

import { ApiError, isAbort } from "../base/api.js";
import { fill, h, icon, say } from "../base/dom.js";
import { bytes, percent } from "../base/format.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { delimiterOf } from "./delimiter.js";
import { CANCELLED } from "./large_upload.js";
import { uploadFile } from "./upload_request.js";

/** @import { Dataset } from "../../types/answers.js" */
/** @import { UploadProgress } from "../../types/page.js" */
/** @typedef {Record<string, string>} Options of the reader */
/** @typedef {(file: File, options?: Options) => Promise<void>} Send */

const ENCODINGS = ["CP932", "EUC-JP", "UTF-8", "Windows-1252"];
/** Encodings other than the one that failed. @param {Record<string, unknown>} params @returns {[Options, string][]} */
const encodings = ({ encoding }) =>
  ENCODINGS.filter((name) => name !== encoding).map((name) => [{ encoding: name }, t("ui.upload.encoding", { name })]);
/**
 * Ways to mend what was refused, by error.
 * @type {Record<string, (params: Record<string, unknown>) => [Options, string][]>}
 */
const MENDS = {
  "dataset.wrong_delimiter": ({ found }) => [
    [{ delimiter: delimiterOf(String(found)) }, t("ui.upload.delimiter", { found: String(found) })],
  ],
  "dataset.bad_bytes": encodings,
  "dataset.unknown_encoding": encodings,
  "dataset.ragged_row": ({ count }) => [[{ ragged: "leave_out" }, t("ui.upload.leave_out", { count: Number(count) })]],
};

const TYPES =
  ".csv,.tsv,.txt,.dat,.data,.svm,.json,.jsonl,.ndjson,.xlsx,.xls,.xlsm,.xlsb,.ods,.html,.xml," +
  ".parquet,.feather,.arrow,.npz,.npy,.zip,.gz,text/*";

/** @param {(dataset: Dataset) => void} onStored @param {AbortSignal} signal @returns {HTMLElement} */
export function upload(onStored, signal) {
  const box = h("div", { class: "drop" });
  /** @type {Send} */
  const send = async (file, options = {}) => {
    const stop = new AbortController();
    const forget = () => stop.abort();
    const cancel = () => stop.abort(CANCELLED);
    signal.addEventListener("abort", forget);
    try {
      onStored(await uploadFile(file, options, showSending(box, file.name, cancel), stop.signal));
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
  const hadKeyboard = box.contains(document.activeElement);
  box.dataset.state = refused ? "refused" : "idle";
  const input = h("input", { type: "file", accept: TYPES, class: "visually-hidden", id: "file" });
  input.addEventListener("change", () => input.files?.[0] && send(input.files[0]));
  fill(
    box,
    refused ? errorNote(refused.error, ...mends(refused.error, refused.file, send)) : icon(ICONS.upload, "icon-large"),
    h("p", { class: "drop-title" }, t(refused ? "ui.upload.again" : "ui.upload.drop")),
    h(
      "div",
      { class: "drop-pick" },
      input,
      h("label", { for: "file", class: "button button-main" }, t("ui.upload.choose")),
    ),
    h("p", { class: "hint" }, t("ui.upload.formats")),
  );
  // What mends the file comes first; without it, choosing another one.
  if (hadKeyboard) /** @type {HTMLElement | null} */ (box.querySelector("button, input"))?.focus();
}

/**
 * Show a bar with a way to stop.
 * @param {HTMLElement} box @param {string} name of the file @param {() => void} onCancel
 * @returns {(progress: UploadProgress) => void} moves the bar: by what was sent, then by what the server has read
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
  const hadKeyboard = box.contains(document.activeElement);
  box.dataset.state = "sending";
  const amount = h("p", { class: "hint number" });
  fill(box, words, h("div", { class: "drop-bar" }, bar, share), amount, cancel);
  if (hadKeyboard) cancel.focus();
  return ({ sent, size, read }) => {
    const isSent = read !== undefined;
    const done = isSent ? read : sent / size;
    say(words, t(isSent ? "ui.upload.reading" : "ui.upload.sending", { name }));
    say(share, done === null ? "" : percent(done));
    say(amount, t("ui.upload.amount", { sent: bytes(sent), size: bytes(size) }));
    bar.setAttribute("aria-label", words.textContent ?? "");
    if (done === null) bar.removeAttribute("value");
    else bar.value = done;
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
 * Offer to read the same file once more with what would mend it, a button for each way.
 * @param {unknown} error @param {File} file @param {Send} send
 */
function mends(error, file, send) {
  if (!(error instanceof ApiError)) return [];
  const ways = MENDS[error.code]?.(error.params) ?? [];
  return ways.map(([options, words]) =>
    h("button", { type: "button", class: "button", on: { click: () => send(file, options) } }, words),
  );
}
