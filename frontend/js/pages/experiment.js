/** One experiment: how far it is, what it answers, and the curves behind the answer. */

import { get } from "../base/api.js";
import { startOptions } from "../base/options.js";
import { verdictReader } from "../experiment/verdict_reader.js";
import { ExperimentView } from "./experiment_view.js";
import { isOpen, keeping } from "./keep_current.js";

/** @import { Cell, Experiment } from "../../types/answers.js" */
/** @import { ExperimentStore, Page, Route } from "../../types/page.js" */
/** @import { Acts } from "../verdict/verdict_card.js" */
/** @import { News, Reader } from "./keep_current.js" */

/** @param {Route} route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open({ id }, signal) {
  const path = `/experiments/${id}`;
  const [experiment, cells] = await readFirst(path, signal);
  /** @type {ExperimentStore} */
  const store = { experiment, cells, answers: null, shown: "", numWorkers: null, connection: "live" };
  /** @type {Set<(news: News) => void>} */
  const views = new Set();
  const tell = (/** @type {News} */ news) => views.forEach((view) => view(news));
  const onAnswers = (/** @type {ExperimentStore["answers"]} */ answers) => {
    store.answers = answers;
    tell("verdict");
  };
  const reader = verdictReader(id, onAnswers, signal);
  reader.look(true);
  const keep = keeping(store, tell, reader, signal);
  if (isOpen(store)) keep();
  const acts = actsOn(store, tell, keep, reader, signal);
  return {
    title: () => experiment.name,
    mount(root) {
      const visit = new AbortController();
      const view = new ExperimentView(store, tell, acts, AbortSignal.any([signal, visit.signal]));
      const draw = (/** @type {News} */ news) => view.draw(news);
      root.append(...view.elements);
      draw("state");
      views.add(draw);
      return () => {
        views.delete(draw);
        visit.abort();
      };
    },
  };
}

/**
 * What follows when the reader has an answer judged again, or settled.
 * @param {ExperimentStore} store changed in place @param {(news: News) => void} tell @param {() => void} keep
 * @param {Reader} reader @param {AbortSignal} signal @returns {Acts}
 */
const actsOn = ({ experiment }, tell, keep, reader, signal) => ({
  async onJudged() {
    Object.assign(experiment, await get(`/experiments/${experiment.id}`, signal));
    reader.look(true);
    tell("state");
  },
  onSettled(changed) {
    Object.assign(experiment, changed);
    keep();
    tell("state");
  },
});

/**
 * What must be at hand before the page draws.
 * @param {string} path of the experiment @param {AbortSignal} signal
 * @returns {Promise<[Experiment, Cell[], void]>}
 */
const readFirst = (path, signal) =>
  Promise.all([get(path, signal), get(`${path}/cells`, signal), startOptions(signal)]);
