/** One experiment: how far it is, what it answers, and what is behind the answer, page by page. */

import { get } from "../base/api.js";
import { sayRanks, t } from "../base/i18n.js";
import { startOptions } from "../base/options.js";
import { query } from "../base/router.js";
import { showTitle } from "../base/title.js";
import { liveLine } from "../experiment/progress.js";
import { verdictReader } from "../experiment/verdict_reader.js";
import { isOfRanks } from "../words/size_text.js";
import { isOpen, keeping } from "./experiment/keep_current.js";
import { ExperimentView } from "./experiment/view.js";

/** @import { Cell, Experiment, Verdicts } from "../../types/answers.js" */
/** @import { ExperimentStore, Page, Route } from "../../types/page.js" */
/** @import { Acts } from "../verdict/verdict_card.js" */
/** @import { News, Reader } from "./experiment/keep_current.js" */

/** @param {Route} route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(route, signal) {
  const { id } = route;
  const store = await readFirst(`/experiments/${id}`, signal);
  if (isOfRanks(store.experiment.spec)) sayRanks(signal);
  /** @type {Set<(news: News) => void>} */
  const views = new Set();
  const tell = (/** @type {News} */ news) => views.forEach((view) => view(news));
  const onAnswers = (/** @type {ExperimentStore["answers"]} */ answers) => {
    store.answers = answers;
    tell("verdict");
  };
  const reader = verdictReader(id, onAnswers, signal);
  if (store.answers === null) reader.look(true);
  const keep = keeping(store, tell, reader, signal);
  if (isOpen(store)) keep();
  const acts = actsOn(store, tell, keep, reader, signal);
  return paged(route, store, views, { tell, acts, signal });
}

/**
 * The page, which stays the same while one goes from one of the experiment's pages to another.
 * @param {Route} first @param {ExperimentStore} store @param {Set<(news: News) => void>} views
 * @param {{tell: (news: News) => void, acts: Acts, signal: AbortSignal}} how
 * @returns {Page}
 */
function paged(first, store, views, { tell, acts, signal }) {
  let current = first;
  /** @type {ExperimentView | null} */
  let shown = null;
  return {
    title: () => titleOf(store),
    mount(root) {
      const visit = new AbortController();
      const view = new ExperimentView(store, tell, acts, AbortSignal.any([signal, visit.signal]));
      const draw = (/** @type {News} */ news) => {
        view.draw(news);
        showTitle(titleOf(store));
      };
      root.append(...view.elements);
      view.turn(current);
      views.add(draw);
      shown = view;
      return () => {
        views.delete(draw);
        visit.abort();
      };
    },
    turn(wanted) {
      if (wanted.name !== first.name || wanted.id !== first.id) return false;
      current = wanted;
      shown?.turn(wanted);
      return true;
    },
  };
}

/**
 * What follows when the reader has an answer judged again, or an ended experiment goes on.
 * @param {ExperimentStore} store changed in place @param {(news: News) => void} tell @param {() => void} keep
 * @param {Reader} reader @param {AbortSignal} signal @returns {Acts}
 */
const actsOn = ({ experiment }, tell, keep, reader, signal) => ({
  async onJudged() {
    Object.assign(experiment, await get(`/experiments/${experiment.id}`, signal));
    reader.look(true);
    tell("state");
  },
  onReopened(changed) {
    Object.assign(experiment, changed);
    keep();
    tell("state");
  },
});

/**
 * What must be at hand before the page draws; the answer of an ended experiment too, which would move what is below.
 * @param {string} path of the experiment @param {AbortSignal} signal @returns {Promise<ExperimentStore>}
 */
async function readFirst(path, signal) {
  /** @type {[Experiment, Cell[], void]} */
  const [experiment, cells] = await Promise.all([
    get(path, signal),
    get(`${path}/cells`, signal),
    startOptions(signal),
  ]);
  /** @type {ExperimentStore} */
  const store = { experiment, cells, answers: null, shown: wished(experiment), numWorkers: null, connection: "live" };
  if (isOpen(store)) return store;
  /** @type {Verdicts | null} */
  const answers = await get(`${path}/verdicts`, signal).catch(() => null); // the reader looks again
  return { ...store, answers };
}

/** The scenario that the address names, if there is one of this name. @param {Experiment} experiment */
function wished({ conditions }) {
  const name = query("scenario");
  return conditions.find(({ scenario }) => scenario === name)?.scenario ?? "";
}

/** What the browser's tab says: how far it is, then what it answers. @param {ExperimentStore} store */
function titleOf(store) {
  const { name, outcome, state } = store.experiment;
  if (isOpen(store)) return `${liveLine(store)} · ${name}`;
  return `${outcome ? t(`ui.outcome.short.${outcome}`) : t(`ui.state.${state}`)} · ${name}`;
}
