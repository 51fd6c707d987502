/** The table of runs, page by page as the server answers: sorted by any column, with the columns one chooses. */

import { addressOf, get, isAbort } from "../base/api.js";
import { fill, h, icon } from "../base/dom.js";
import { figure, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { ICONS } from "../base/icons.js";
import { errorNote } from "../base/note.js";
import { within } from "../base/root.js";
import { hrefOf } from "../base/router.js";
import { holdPlace, returnToPlace } from "../focus/scroll_places.js";
import { pager } from "./pager.js";
import { scrollTable } from "../base/tables.js";
import { closeOnEscape } from "../focus/close_on_escape.js";
import { columnsOf, isShown, showColumns } from "./run_columns.js";
import { runFilters, showWishes } from "./run_filters.js";
import { PAGE, isFiltered, setWishes, sought, soughtPage, wish } from "./run_wishes.js";

/** @import { Experiment, Run, RunPage } from "../../types/answers.js" */
/** @import { Refreshing } from "../../types/page.js" */
/** @import { Column } from "./run_columns.js" */

/** @param {Experiment} experiment @param {AbortSignal} signal @returns {Refreshing} */
export function runTable(experiment, signal) {
  const made = new RunTable(experiment, signal);
  return { element: made.element, refresh: () => made.read() };
}

class RunTable {
  #head = h("div", { class: "row runs-head" });
  #body = h("div", { class: "stack runs-body", "aria-live": "off" });
  #asked = 0;
  /** @type {RunPage | null} */
  #page = null;

  /** @param {Experiment} experiment @param {AbortSignal} signal */
  constructor(experiment, signal) {
    this.experiment = experiment;
    this.signal = signal;
    this.filters = runFilters(experiment, () => this.read());
    const title = h("h2", {}, t("ui.runs.heading"));
    const hint = h("p", { class: "hint" }, t("ui.runs.hint"));
    this.element = h("section", { class: "stack", id: "runs" }, title, this.filters, this.#head, this.#body, hint);
    fill(this.#body, h("p", { class: "hint", role: "status" }, t("ui.loading")));
    addEventListener("popstate", () => this.#follow(), { signal });
  }

  /** Ask for what is wished; a later wish overtakes an earlier one. */
  async read() {
    const mine = ++this.#asked;
    try {
      /** @type {RunPage} */
      const page = await get(`/experiments/${this.experiment.id}/runs?${soughtPage()}`, this.signal);
      if (mine !== this.#asked) return;
      this.#page = page;
      this.#draw();
    } catch (error) {
      if (!isAbort(error) && mine === this.#asked) fill(this.#body, errorNote(error));
    }
  }

  #draw() {
    if (!this.#page) return;
    const { items, total, metrics } = this.#page;
    const columns = columnsOf(this.experiment, metrics);
    const part = { offset: Number(wish("offset")), limit: PAGE, total };
    const go = (/** @type {number} */ offset) => this.#wish({ offset: String(offset) });
    fill(this.#head, pager(part, go), h("span", { class: "spring" }), this.#choice(columns), this.#download());
    fill(this.#body, items.length ? this.#table(items, columns.filter(isShown)) : nothing());
  }

  /** @param {Run[]} items @param {Column[]} columns */
  #table(items, columns) {
    const title = t("ui.runs.title", { count: number(this.#page?.total ?? 0) });
    const heads = [h("th", { scope: "col" }, t("ui.runs.look")), columns.map((column) => this.#headOf(column))];
    return scrollTable(
      title,
      heads,
      items.map((run) => row(run, columns, this.experiment.id)),
    );
  }

  /** A heading that sorts by its column, and the other way when it is pressed again. @param {Column} column */
  #headOf({ name, title }) {
    const isSorted = wish("sort") === name;
    const isDown = isSorted && wish("order") === "desc";
    const click = () => this.#wish({ sort: name, order: isSorted && !isDown ? "desc" : "asc" });
    const mark = isSorted ? h("span", { "aria-hidden": "true" }, isDown ? " ▼" : " ▲") : null;
    const sorting = isSorted ? (isDown ? "descending" : "ascending") : null;
    const button = h("button", { type: "button", class: "sort", data: { sort: name }, on: { click } }, title, mark);
    return h("th", { scope: "col", "aria-sort": sorting }, button);
  }

  /** @param {Record<string, string>} changes */
  async #wish(changes) {
    const { activeElement: focused } = document;
    const place = focused instanceof HTMLElement ? (focused.dataset.sort ?? focused.dataset.pager) : undefined;
    setWishes(changes);
    await this.read();
    /** @type {HTMLElement | null} */ (
      place ? this.element.querySelector(`[data-sort="${place}"], [data-pager="${place}"]`) : null
    )?.focus({ preventScroll: true });
  }

  /** Show what the address says that Back or Forward brought, as far down as the reader was. */
  async #follow() {
    if (within(location.pathname) !== `/experiments/${this.experiment.id}/runs`) return;
    showWishes(this.filters);
    holdPlace();
    await this.read();
    returnToPlace();
  }

  /** Which columns are shown. @param {Column[]} columns */
  #choice(columns) {
    const boxes = columns.map((column) => {
      const box = h("input", { type: "checkbox", value: column.name, checked: isShown(column) });
      const change = () => {
        const names = boxes.flatMap((each) => (each.box.checked ? [each.box.value] : []));
        showColumns(names, columns);
        if (this.#page) fill(this.#body, this.#table(this.#page.items, columns.filter(isShown)));
      };
      box.addEventListener("change", change);
      return { box, element: h("label", { class: "check" }, box, column.title) };
    });
    const summary = h("summary", {}, t("ui.runs.columns"));
    const list = h(
      "div",
      { class: "columns-list" },
      boxes.map((each) => each.element),
    );
    const choice = h("details", { class: "columns-choice" }, summary, list);
    closeOnEscape(choice, summary);
    return choice;
  }

  /** All that is sought, on every page, and every point of all runs, as files. */
  #download() {
    const path = `/experiments/${this.experiment.id}`;
    const words = t(isFiltered() ? "ui.runs.csv_filtered" : "ui.runs.csv");
    return [
      fileLink("runs", `${path}/runs.csv?${sought()}`, words),
      fileLink("points-csv", `${path}/points?format=csv`, t("ui.runs.points_csv")),
      fileLink("points-parquet", `${path}/points?format=parquet`, t("ui.runs.points_parquet")),
    ];
  }
}

/** @param {string} name @param {string} path @param {string} words */
const fileLink = (name, path, words) =>
  h(
    "a",
    { class: "button", href: addressOf(path), download: true, data: { download: name } },
    icon(ICONS.download),
    words,
  );

/** @param {Run} run @param {Column[]} columns @param {string} id of the experiment */
const row = (run, columns, id) =>
  h(
    "tr",
    { class: run.state === "diverged" ? "is-diverged" : null },
    h("td", {}, link(run, id)),
    columns.map(({ name, text, isNumber }) =>
      h("td", { class: isNumber ? "number" : null, data: { column: name }, title: whyOf(run, name) }, text(run)),
    ),
  );

/** To the run by itself. @param {Run} run @param {string} id of the experiment */
function link(run, id) {
  const href = hrefOf(`/experiments/${id}/runs/${run.id}`);
  const words = t("ui.runs.look_at", { width: run.width, lr: figure(run.lr), seed: run.seed });
  return h("a", { class: "look", href, "aria-label": words, data: { page: "" } }, t("ui.runs.open"));
}

/** Why a run is in a state that needs words. @param {Run} run @param {string} column */
const whyOf = (run, column) => (column === "state" && run.state === "skipped" ? t("ui.stages.skipped_why") : null);

const nothing = () => h("p", { class: "empty" }, t(isFiltered() ? "ui.runs.none_sought" : "ui.runs.none_yet"));
