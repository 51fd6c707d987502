/** Sweeps that were run elsewhere: a place to drop a table, and those that are stored with their answers. */

import { isAbort, postFile, remove } from "../../base/api.js";
import { fill, h, icon } from "../../base/dom.js";
import { bytes, dateTime, number } from "../../base/format.js";
import { ICONS } from "../../base/icons.js";
import { t } from "../../base/i18n.js";
import { errorNote } from "../../base/note.js";
import { go, hrefOf } from "../../base/router.js";
import { headCells, scrollTable } from "../../base/tables.js";
import { confirmed } from "../../focus/confirm.js";
import { keepingFocus } from "../../focus/keep_focus.js";
import { isNarrowed } from "../../lists/address.js";
import { anyOption, filters } from "../../lists/filters.js";
import { Listing } from "../../lists/listing.js";
import { ordered, orderChoice, withOrder } from "../../lists/order.js";
import { pager } from "../../lists/pager.js";
import { turning } from "../../lists/turning.js";
import { breadcrumbs } from "../../words/breadcrumbs.js";

/** @import { Sweep, SweepItem } from "../../../types/answers.js" */
/** @import { Page, Route } from "../../../types/page.js" */

const FILTERS = ["q", "outcome"];
const NAMES = [...FILTERS, "sort", "order"];
const OUTCOMES = ["transfers", "sharpness_drifts", "fine_tune", "does_not_transfer", "inconclusive"];
/** Orders by the name of their text; the first is the server's own. */
const ORDERS = { newest: "", oldest: "created/asc", name: "name/asc", worst: "outcome/desc", rows: "rows/desc" };
const HEADS = ["name", "answer", "rows", "size", "created"];
const TYPES = ".csv,.tsv,.txt,.parquet,.json,.jsonl,.ndjson,text/*";
/** Characters of a name that the server takes. */
const MOST_NAME = 200;

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  /** @type {Listing<SweepItem>} */
  const listing = new Listing("/sweeps", NAMES, signal);
  await listing.read();
  listing.keep();
  return {
    title: () => t("ui.nav.sweeps"),
    mount(root) {
      root.append(breadcrumbs([], t("ui.nav.sweeps")), head(), drop(signal), ...stored(listing));
      return () => (listing.onChange = () => {});
    },
  };
}

/** The stored sweeps, what they are sought by, and the way to the next page. @param {Listing<SweepItem>} listing */
function stored(listing) {
  const [problem, table, foot] = [h("div", {}), h("div", {}), h("div", {})];
  const controls = filters(
    t("ui.files.search"),
    [outcomeChoice(), orderChoice(ORDERS)],
    () => withOrder(listing.view),
    (change) => listing.show(ordered(change)),
  );
  const onDelete = async (/** @type {SweepItem} */ item) => {
    if (await isDeleted(item, listing.signal)) await listing.refresh();
  };
  const step = turning(listing, table);
  listing.onChange = (/** @type {unknown} */ error = undefined) => {
    const { items, total, next } = listing.page;
    const nothing = isNarrowed(listing.view, FILTERS) ? "ui.list.nothing_found" : "ui.sweep.none";
    fill(problem, error ? errorNote(error) : null);
    keepingFocus(() => fill(table, items.length ? listed(items, onDelete) : h("p", { class: "empty" }, t(nothing))));
    fill(foot, pager({ total, next, isFirst: !listing.view.cursor }, step));
    controls.update();
  };
  listing.onChange();
  return [controls.element, problem, table, foot];
}

const outcomeChoice = () => ({
  name: "outcome",
  label: t("ui.list.filter.outcome"),
  options: [
    anyOption(),
    ...OUTCOMES.map((name) => /** @type {[string, string]} */ ([name, t(`sweep.outcome.${name}`)])),
  ],
});

/** Ask whether a sweep is to be deleted, and delete it. @param {SweepItem} item @param {AbortSignal} signal */
function isDeleted(item, signal) {
  const question = {
    title: t("ui.sweep.delete_title", { name: item.name }),
    words: h("p", {}, t("ui.sweep.delete_words")),
    action: t("ui.action.delete"),
  };
  return confirmed(question, () => remove(`/sweeps/${item.id}`, signal), signal);
}

const head = () =>
  h("header", { class: "page-head" }, h("h1", {}, t("ui.nav.sweeps")), h("p", { class: "lead" }, t("ui.sweep.lead")));

/** The place to drop a table. @param {AbortSignal} signal */
function drop(signal) {
  const box = h("div", { class: "drop", data: { state: "idle" } });
  const send = async (/** @type {File | undefined} */ file) => {
    if (!file || box.dataset.state === "sending") return;
    box.dataset.state = "sending";
    fill(box, h("p", { class: "drop-title", role: "status" }, t("ui.sweep.reading", { name: file.name })));
    try {
      const name = new URLSearchParams({ name: file.name.slice(0, MOST_NAME) || "sweep" });
      /** @type {Sweep} */
      const sweep = await postFile(`/sweeps?${name}`, file, signal);
      go(`/sweeps/${sweep.id}`);
    } catch (error) {
      if (!isAbort(error)) idle(error);
    }
  };
  const idle = (/** @type {unknown} */ error) => {
    box.dataset.state = error ? "refused" : "idle";
    const input = h("input", { type: "file", accept: TYPES, class: "visually-hidden", id: "sweep-file" });
    input.addEventListener("change", () => send(input.files?.[0]));
    const choose = h("label", { for: input.id, class: "button button-main" }, t("ui.upload.choose"));
    fill(
      box,
      error ? errorNote(error) : icon(ICONS.upload, "icon-large"),
      h("p", { class: "drop-title" }, t("ui.sweep.drop")),
      h("div", { class: "drop-pick" }, input, choose),
      h("p", { class: "hint" }, t("ui.sweep.formats")),
    );
  };
  takeDrops(box, send);
  idle(null);
  return box;
}

/** @param {HTMLElement} box @param {(file: File | undefined) => void} send */
function takeDrops(box, send) {
  const over = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    box.classList.toggle("is-over", event.type === "dragover");
  };
  box.addEventListener("dragover", over);
  box.addEventListener("dragleave", over);
  box.addEventListener("drop", (event) => {
    over(event);
    send(event.dataTransfer?.files[0]);
  });
}

/** @param {SweepItem[]} items @param {(item: SweepItem) => unknown} onDelete */
function listed(items, onDelete) {
  const heads = [...headCells(HEADS.map((name) => t(`ui.sweep.head.${name}`))), deleteHead()];
  const rows = items.map((item) => row(item, onDelete));
  return scrollTable(t("ui.sweep.stored"), heads, rows, { look: "list-table sweeps-table" });
}

const deleteHead = () => h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, t("ui.action.delete")));

/** @param {SweepItem} item @param {(item: SweepItem) => unknown} onDelete */
function row(item, onDelete) {
  const { id, name, outcome } = item;
  const click = () => onDelete(item);
  const label = t("ui.sweep.delete_title", { name });
  return h(
    "tr",
    { data: { id } },
    h("th", { scope: "row" }, h("a", { class: "wrap", href: hrefOf(`/sweeps/${id}`), data: { page: "" } }, name)),
    h("td", {}, outcome ? t(`sweep.outcome.${outcome}`) : t("ui.sweep.asks")),
    h("td", { class: "number list-rows" }, number(item.num_rows)),
    h("td", { class: "number list-size" }, bytes(item.source_bytes)),
    h("td", { class: "number list-created" }, h("time", { datetime: item.created_at }, dateTime(item.created_at))),
    h(
      "td",
      { class: "list-delete" },
      h("button", { type: "button", class: "button", "aria-label": label, on: { click } }, t("ui.action.delete")),
    ),
  );
}
