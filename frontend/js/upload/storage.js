/** What is kept on the server: the room it takes, each dataset and unfinished upload, and a way to delete it. */

import { get, isAbort, remove } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { bytes, dateTime, number } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { hrefOf } from "../base/router.js";
import { confirmed } from "../focus/confirm.js";

/** @import { DatasetItem, DatasetPage, Upload, Usage } from "../../types/answers.js" */
/** @import { Child } from "../../types/page.js" */
/** @typedef {(path: string, name: string) => () => Promise<void>} Delete */

/** The latest; all of them have a page of their own. */
const DATASETS = "/datasets?limit=10";

/** @typedef {{latest: Promise<[Usage, DatasetPage, Upload[]]>}} Stored what was read last; it outlives a drawing */

/** Begin to read what is kept. @param {AbortSignal} signal @returns {Stored} */
export const readStored = (signal) => ({ latest: readAll(signal) });

/** @param {AbortSignal} signal @returns {Stored["latest"]} */
function readAll(signal) {
  const all = Promise.all([get("/usage", signal), get(DATASETS, signal), get("/uploads", signal)]);
  all.catch(() => {}); // whoever draws it says so
  return all;
}

/** @param {Stored} stored @param {AbortSignal} signal @returns {HTMLElement} */
export function storage(stored, signal) {
  const used = h("p", { class: "hint", id: "storage-used", role: "status" });
  const [list, problem] = [h("div", { class: "stack" }), h("div", { class: "stack" })];
  const draw = async () => {
    try {
      const [usage, { items, total }, uploads] = await stored.latest;
      fill(used, usedText(usage));
      fill(list, entries(items, uploads, drop), total > 0 ? allFiles(total) : null);
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) fill(problem, errorNote(error));
    }
  };
  /** @type {Delete} */
  const drop = (path, name) => async () => {
    if (!(await confirmed(deletionOf(name), () => remove(path, signal), signal))) return;
    stored.latest = readAll(signal);
    await draw();
    section.querySelector("a")?.focus({ preventScroll: true }); // the button that was pressed is gone
  };
  draw();
  const section = h("section", { id: "storage" }, h("h2", {}, t("ui.storage.title")), used, problem, list);
  return section;
}

/** @param {string} name of the file that would be lost */
const deletionOf = (name) => ({
  title: t("ui.files.delete_title", { name }),
  words: h("p", {}, t("ui.storage.delete_lost")),
  action: t("ui.files.delete_do"),
});

/** @param {number} total */
const allFiles = (total) =>
  h("p", {}, h("a", { href: hrefOf("/data"), data: { page: "" } }, t("ui.storage.all", { count: number(total) })));

/** @param {Usage} usage */
export const usedText = ({ used_bytes: used, limit_bytes: limit }) =>
  t("ui.storage.used", { used: bytes(used), limit: bytes(limit) });

/** @param {DatasetItem[]} datasets @param {Upload[]} uploads @param {Delete} drop */
export function entries(datasets, uploads, drop) {
  const all = [...uploads.map((each) => uploadEntry(each, drop)), ...datasets.map((each) => datasetEntry(each, drop))];
  return all.length ? h("ul", { class: "list" }, all) : h("p", { class: "empty" }, t("ui.storage.none"));
}

/** @param {DatasetItem} dataset @param {Delete} drop */
function datasetEntry(dataset, drop) {
  const { id, example, source_bytes: source, arrays_bytes: arrays, created_at: created } = dataset;
  const key = `example.${example}.title`;
  const name = example && has(key) ? t(key) : dataset.name;
  const head = h("a", { href: hrefOf(`/datasets/${id}`), data: { page: "" }, class: "list-name" }, name);
  const chip = example ? h("span", { class: "chip" }, t("ui.storage.example")) : null;
  return entry([head, chip], source + arrays, created, deleteButton(name, drop(`/datasets/${id}`, name)));
}

/** @param {Upload} upload @param {Delete} drop */
function uploadEntry(upload, drop) {
  const { id, name, length_bytes: size, created_at: created } = upload;
  const head = [h("span", { class: "list-name" }, name), h("span", { class: "hint" }, stateText(upload))];
  return entry(head, size, created, deleteButton(name, drop(`/uploads/${id}`, name)));
}

/** @param {Upload} upload */
function stateText({ state, position, received_bytes: received, length_bytes: size }) {
  if (position) return t("ui.storage.waiting", { position });
  if (state === "reading") return t("ui.storage.reading");
  if (state === "received") return t("ui.storage.unread");
  return t("ui.storage.unfinished", { sent: bytes(received), size: bytes(size) });
}

/** @param {Child} head @param {number} size in bytes @param {string} created @param {HTMLElement} button */
const entry = (head, size, created, button) =>
  h(
    "li",
    { class: "stored" },
    h("div", { class: "stored-name" }, head),
    h("span", { class: "number" }, bytes(size)),
    h("time", { class: "list-date", datetime: created }, dateTime(created)),
    button,
  );

/** @param {string} name @param {(event: Event) => Promise<void>} click */
const deleteButton = (name, click) =>
  h(
    "button",
    {
      type: "button",
      class: "button button-quiet",
      "aria-label": t("ui.storage.delete", { name }),
      data: { delete: name },
      on: { click },
    },
    t("ui.action.delete"),
  );
