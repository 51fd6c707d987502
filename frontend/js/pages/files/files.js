/** All files on the server: found by search and kind, sorted, page by page; what uses each, and how to delete it. */

import { get } from "../../base/api.js";
import { fill, h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { errorNote } from "../../base/note.js";
import { hrefOf } from "../../base/router.js";
import { isNarrowed } from "../../lists/address.js";
import { anyOption, filters } from "../../lists/filters.js";
import { keepingFocus } from "../../focus/keep_focus.js";
import { Listing } from "../../lists/listing.js";
import { ordered, orderChoice, withOrder } from "../../lists/order.js";
import { pager } from "../../lists/pager.js";
import { reread } from "../../lists/reread.js";
import { turning } from "../../lists/turning.js";
import { breadcrumbs } from "../../words/breadcrumbs.js";
import { deleteFile } from "./delete_file.js";
import { fileTable } from "./file_table.js";
import { recipes } from "./recipes.js";
import { roomUsed, unfinished } from "./room.js";

/** @import { DatasetItem, Recipe } from "../../../types/answers.js" */
/** @import { Page, Route } from "../../../types/page.js" */
/** @import { Room } from "./room.js" */

const FILTERS = ["q", "kind"];
const NAMES = [...FILTERS, "sort", "order"];
const KINDS = ["table", "images", "text"];
/** Orders by the name of their text; the first is the server's own. */
const ORDERS = { newest: "", oldest: "created/asc", name: "name/asc", rows: "rows/desc", largest: "bytes/desc" };

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  /** @type {Listing<DatasetItem>} */
  const listing = new Listing("/datasets", NAMES, signal);
  listing.isLive = (item) => item.num_open_experiments > 0;
  const around = new Around(signal);
  await Promise.all([listing.read(), around.read()]);
  listing.keep();
  return {
    title: () => t("ui.files.title"),
    mount(root) {
      root.append(...parts(listing, around));
      return () => {
        listing.onChange = () => {};
        around.onChange = () => {};
      };
    },
  };
}

/** What stands around the list and changes with it: the room in use, unfinished uploads, reading recipes. */
class Around {
  /** @type {Room} */
  room = { usage: null, uploads: [] };
  /** @type {Recipe[]} */
  recipes = [];
  /** @type {(error?: unknown) => void} */
  onChange = () => {};

  /** @param {AbortSignal} signal of the page */
  constructor(signal) {
    this.signal = signal;
  }

  async read() {
    const paths = ["/usage", "/uploads", "/recipes"];
    const [usage, uploads, found] = await Promise.all(paths.map((path) => get(path, this.signal)));
    this.room = { usage, uploads };
    this.recipes = found;
  }

  /** Read again and draw; a failure is told. */
  async refresh() {
    await reread(this);
  }
}

/** @param {Listing<DatasetItem>} listing @param {Around} around */
function parts(listing, around) {
  const { signal } = listing;
  const [problem, table, foot] = [h("div", {}), h("div", { class: "scroll-wide" }), h("div", {})];
  const [used, sent, read] = [h("div", {}), h("div", {}), h("div", {})];
  const controls = filters(
    t("ui.files.search"),
    [kindChoice(), orderChoice(ORDERS)],
    () => withOrder(listing.view),
    (change) => listing.show(ordered(change)),
  );
  const refresh = () => Promise.all([listing.refresh(), around.refresh()]);
  const onDelete = async (/** @type {DatasetItem} */ item) => {
    if (await deleteFile(item, signal)) await refresh();
  };
  const step = turning(listing, table);
  const draw = (/** @type {unknown} */ error = undefined) => {
    fill(problem, error ? errorNote(error) : null);
    const { items, total, next } = listing.page;
    keepingFocus(() =>
      fill(table, items.length ? fileTable(items, onDelete) : empty(isNarrowed(listing.view, FILTERS))),
    );
    fill(foot, pager({ total, next, isFirst: !listing.view.cursor }, step));
    controls.update();
  };
  const drawAround = (/** @type {unknown} */ error = undefined) => {
    if (error) fill(problem, errorNote(error));
    keepingFocus(() => {
      fill(used, around.room.usage && roomUsed(around.room.usage));
      fill(sent, unfinished(around.room.uploads, refresh, signal));
      fill(read, recipes(around.recipes, refresh, signal));
    });
  };
  listing.onChange = draw;
  around.onChange = drawAround;
  draw();
  drawAround();
  return [breadcrumbs([], t("ui.files.title")), head(), used, controls.element, problem, table, foot, sent, read];
}

const head = () =>
  h(
    "header",
    { class: "page-head row" },
    h("h1", {}, t("ui.files.title")),
    h("span", { class: "spring" }),
    uploadLink("button"),
  );

/** @param {string} look */
const uploadLink = (look) => h("a", { href: hrefOf("/"), data: { page: "" }, class: look }, t("ui.files.upload"));

const kindChoice = () => ({
  name: "kind",
  label: t("ui.files.kind"),
  options: [anyOption(), ...KINDS.map((kind) => /** @type {[string, string]} */ ([kind, t(`ui.files.kind.${kind}`)]))],
});

/** Nothing here: what to do about it. @param {boolean} isNarrow */
function empty(isNarrow) {
  if (isNarrow) return h("p", { class: "empty" }, t("ui.list.nothing_found"));
  return h(
    "div",
    { class: "empty stack" },
    h("p", {}, t("ui.files.none")),
    h("p", {}, t("ui.files.none_what")),
    h("p", {}, uploadLink("button button-main")),
  );
}
