/** The room in use of what there is, and uploads that have not become data. */

import { remove } from "../../base/api.js";
import { h } from "../../base/dom.js";
import { bytes } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { confirmed } from "../../focus/confirm.js";
import { entries, usedText } from "../../upload/storage.js";

/** @import { Upload, Usage } from "../../../types/answers.js" */
/** @typedef {{usage: Usage | null, uploads: Upload[]}} Room */

/** Share of the room from which on the next upload may not fit. */
const NEARLY = 0.9;

/** @param {Usage} usage */
export function roomUsed(usage) {
  const share = Math.min(1, usage.used_bytes / usage.limit_bytes);
  const words = h("p", { class: "hint", id: "room-used" }, usedText(usage));
  return h(
    "div",
    { class: "room" },
    h("progress", { max: 1, value: share, "aria-labelledby": words.id }),
    words,
    usage.used_bytes > usage.limit_bytes * NEARLY ? h("p", { class: "hint" }, t("ui.files.nearly_full")) : null,
  );
}

/** @param {Upload[]} uploads @param {() => unknown} onDeleted @param {AbortSignal} signal */
export function unfinished(uploads, onDeleted, signal) {
  if (!uploads.length) return null;
  const drop = (/** @type {string} */ path, /** @type {string} */ name) => async () => {
    const size = uploads.find((each) => each.name === name)?.received_bytes ?? 0;
    const words = h("p", {}, t("ui.files.upload_lost", { size: bytes(size) }));
    const question = { title: t("ui.files.delete_title", { name }), words, action: t("ui.action.delete") };
    if (await confirmed(question, () => remove(path), signal)) onDeleted();
  };
  return h(
    "section",
    { class: "stack", id: "uploads" },
    h("h2", {}, t("ui.files.uploads")),
    entries([], uploads, drop),
  );
}
