/** All experiments: found by search and filters, sorted, page by page; several can be tagged or deleted. */

import { get } from "../../base/api.js";
import { dataTitle } from "../../words/data_title.js";
import { fill, h } from "../../base/dom.js";
import { number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { errorNote } from "../../base/note.js";
import { startOptions, valuesOfSetting } from "../../base/options.js";
import { hrefOf } from "../../base/router.js";
import { isNarrowed } from "../../lists/address.js";
import { anyOption, filters } from "../../lists/filters.js";
import { keepingFocus } from "../../focus/keep_focus.js";
import { Listing } from "../../lists/listing.js";
import { ordered, orderChoice, withOrder } from "../../lists/order.js";
import { pager } from "../../lists/pager.js";
import { Selection } from "../../lists/selection.js";
import { turning } from "../../lists/turning.js";
import { WayToActions } from "../../lists/way_to_actions.js";
import { bulkBar } from "./bulk.js";
import { experimentTable } from "./experiment_table.js";
import { takeIn } from "./take_in.js";

/** @import { Dataset, DatasetPage, ExperimentItem, Tag } from "../../../types/answers.js" */
/** @import { Page, Route } from "../../../types/page.js" */
/** @import { Option } from "../../lists/filters.js" */

const FILTERS = ["q", "state", "outcome", "dataset", "tag", "preset"];
const NAMES = [...FILTERS, "sort", "order"];
/** Files among which the filter chooses; the page of data leads to the experiments on any other. */
const MAX_FILES = 500;
/** Name in the address of the experiment that is compared with those chosen here. */
const COMPARED = "compare";
const STATES = ["running", "queued", "completed", "failed", "cancelled"];
const OUTCOMES = ["transfers", "sharpness_drifts", "fine_tune", "does_not_transfer", "inconclusive"];
/** Orders by the name of their text; the first is the server's own. */
const ORDERS = {
  newest: "",
  oldest: "created/asc",
  name: "name/asc",
  state: "state/asc",
  worst: "outcome/desc",
  longest: "duration/desc",
};

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  /** @type {Listing<ExperimentItem>} */
  const listing = new Listing("/experiments", NAMES, signal);
  listing.isLive = ({ state }) => state === "queued" || state === "running";
  await listing.read(); // the rows first: what the filters offer may come after them
  const known = {
    tags: get("/tags", signal),
    datasets: filesOffered(listing.view.dataset ?? "", signal),
    options: startOptions(signal),
  };
  Promise.allSettled(Object.values(known)); // the page may be left before anything waits for them
  const fixed = new URLSearchParams(location.search).get(COMPARED);
  listing.keep();
  return {
    title: () => t("ui.list.experiments"),
    mount(root) {
      root.append(...parts(listing, known, fixed));
      return () => (listing.onChange = () => {});
    },
  };
}

/**
 * @typedef {{tags: Promise<Tag[]>, datasets: Promise<Option[]>, options: Promise<void>}} Known what filters offer
 * @param {Listing<ExperimentItem>} listing @param {Known} known
 * @param {string | null} fixed id of the experiment that the others are compared with
 */
function parts(listing, known, fixed) {
  const [problem, table, foot] = [h("div", {}), h("div", { class: "scroll-wide" }), h("div", {})];
  const way = new WayToActions(table);
  const choices = choicesOf(known);
  const controls = filters(
    t("ui.list.search"),
    choices,
    () => withOrder(listing.view),
    (change) => listing.show(ordered(change)),
  );
  const selection = new Selection(() => draw());
  const step = turning(listing, table);
  const draw = (/** @type {unknown} */ error = undefined) => {
    fill(problem, error ? errorNote(error) : null);
    const { items, total, next } = listing.page;
    selection.keepOnly(items.map(({ id }) => id));
    const chosen = items.filter(({ id }) => selection.has(id));
    const clear = () =>
      selection.set(
        items.map(({ id }) => id),
        false,
      );
    const actions = () => bulkBar(chosen, () => listing.refresh(), clear, listing.signal, fixed);
    const redraw = () => {
      fill(way.place, chosen.length ? actions() : null);
      fill(table, items.length ? experimentTable(items, selection, way) : empty(isNarrowed(listing.view, FILTERS)));
    };
    way.redraw(() => keepingFocus(redraw), chosen.length);
    fill(foot, pager({ total, next, isFirst: !listing.view.cursor }, step));
    controls.update();
  };
  listing.onChange = draw;
  draw();
  // They hold the limits of comparing; without them, as when the page is left, the list stays as it is.
  known.options.then(
    () => draw(),
    () => {},
  );
  return [head(listing.signal, fixed), controls.element, way.status, problem, table, way.place, foot];
}

/** @param {AbortSignal} signal @param {string | null} fixed */
const head = (signal, fixed) =>
  h(
    "header",
    { class: "page-head row" },
    h("h1", {}, t("ui.list.experiments")),
    fixed ? comparing() : null,
    h("span", { class: "spring" }),
    takeIn(signal),
  );

/** @param {Known} known */
const choicesOf = ({ tags, datasets, options }) => [
  choice("state", namesWith("ui.state", STATES)),
  choice("outcome", namesWith("ui.outcome.short", OUTCOMES)),
  choice("dataset", [], datasets),
  choice(
    "tag",
    [],
    tags.then((all) => all.map(({ tag, num_experiments: count }) => [tag, `${tag} (${count})`])),
  ),
  choice(
    "preset",
    [],
    options.then(() => namesWith("ui.preset", valuesOfSetting("preset"))),
  ),
  orderChoice(ORDERS),
];

/** @param {string} key @param {string[]} names @returns {Option[]} */
const namesWith = (key, names) => names.map((name) => [name, t(`${key}.${name}`)]);

/**
 * The newest files, the one that the address names although it is older, and how many there are besides.
 * @param {string} wanted id of a file, or nothing @param {AbortSignal} signal @returns {Promise<Option[]>}
 */
async function filesOffered(wanted, signal) {
  /** @type {DatasetPage} */
  const { items, total } = await get(`/datasets?limit=${MAX_FILES}`, signal);
  /** @type {Dataset[]} */
  const older = wanted && !items.some(({ id }) => id === wanted) ? await named(wanted, signal) : [];
  const offered = [...items, ...older].map((item) => /** @type {Option} */ ([item.id, dataTitle(item)]));
  const rest = total - offered.length;
  return rest > 0 ? [...offered, [null, t("ui.list.filter.more_files", { count: number(rest) })]] : offered;
}

/** The file with an id; none if it was deleted. @param {string} id @param {AbortSignal} signal */
const named = (id, signal) =>
  get(`/datasets/${id}`, signal).then(
    (found) => [found],
    () => [],
  );

/** @param {string} name @param {Option[]} options @param {Promise<Option[]>} [more] */
const choice = (name, options, more) => ({
  name,
  label: t(`ui.list.filter.${name}`),
  options: [anyOption(), ...options],
  more,
});

/** What to do here for a comparison that began on an experiment's page. */
const comparing = () => h("p", { class: "lead", id: "comparing" }, t("ui.list.comparing"));

/** Nothing here: what to do about it. @param {boolean} isNarrow */
function empty(isNarrow) {
  if (isNarrow) return h("p", { class: "empty" }, t("ui.list.nothing_found"));
  const link = h("a", { href: hrefOf("/"), data: { page: "" }, class: "button button-main" }, t("ui.list.first_step"));
  return h("div", { class: "empty stack" }, h("p", {}, t("ui.list.no_experiments")), h("p", {}, link));
}
