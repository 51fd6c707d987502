/** How far the experiment is, in a bar and in words; what to do when nothing moves. */

import { fill, h, say } from "../base/dom.js";
import { about, duration, number, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { note, noWorkerNote } from "../base/note.js";
import { factEntries } from "../base/tables.js";
import { alertControl } from "./answer_alert.js";
import { progressOf } from "./progress_state.js";
import { isWaiting, queueEntries, waitingSentence } from "./queue_words.js";

/** @import { ExperimentStore, Updating } from "../../types/page.js" */
/** @typedef {ReturnType<typeof progressOf>} Now */

/** @param {ExperimentStore} store @returns {Updating & {notes: HTMLElement}} what to do is said on every page */
export function progress(store) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": t("ui.progress.label") });
  const share = h("strong", { class: "progress-share number" });
  const words = h("p", { class: "progress-words", role: "status" });
  const facts = h("dl", { class: "facts" });
  const notes = h("div", { class: "stack" });
  const head = h("div", { class: "progress-head" }, share, words);
  const element = h("section", { class: "panel progress" }, head, bar, facts, alertControl());
  let shown = "";
  const update = () => {
    const { experiment, cells } = store;
    const isOpen = ["queued", "running"].includes(experiment.state);
    element.hidden = !isOpen;
    notes.hidden = !isOpen;
    if (!isOpen) return;
    const now = progressOf(experiment, cells, Date.now());
    bar.value = now.share;
    say(share, percent(Math.floor(now.share * 100) / 100));
    say(words, sentence(store, now));
    fill(facts, factEntries(entries(store, now)));
    const state = `${store.connection}/${isUnattended(store, now)}/${now.failed}`;
    if (state === shown) return; // an alert that is drawn again is read out again
    shown = state;
    fill(notes, warnings(store, now));
  };
  return { element, notes, update };
}

/** How far it is, for a line: empty once it has ended. @param {ExperimentStore} store */
export function liveLine({ experiment, cells }) {
  if (!["queued", "running"].includes(experiment.state)) return "";
  const { share, left } = progressOf(experiment, cells, Date.now());
  const done = percent(Math.floor(share * 100) / 100);
  return left === null ? done : t("ui.progress.line", { percent: done, left: about(left) });
}

/**
 * Whoever trains is there, whatever the list of workers said a while ago.
 * @param {ExperimentStore} store @param {Now} now
 */
const isUnattended = ({ numWorkers }, now) => numWorkers === 0 && now.running === 0;

/** @param {ExperimentStore} store @param {Now} now */
function sentence(store, now) {
  const { experiment } = store;
  if (experiment.is_cancelling) return t("ui.progress.cancelling");
  if (isUnattended(store, now)) return t("ui.progress.waiting_for_worker");
  const queue = experiment.progress?.queue;
  if (queue && isWaiting(queue)) return waitingSentence(queue);
  if (now.share === 0) return t(experiment.state === "queued" ? "ui.progress.queued" : "ui.progress.starting");
  return t(now.share < 0.98 ? "ui.progress.running" : "ui.progress.closing");
}

/** @param {ExperimentStore} store @param {Now} now @returns {[string, string][]} */
function entries(store, now) {
  const { experiment } = store;
  return [
    [t("ui.progress.cells"), t("ui.progress.of", { done: number(now.done), total: number(now.total) })],
    [t("ui.progress.elapsed"), experiment.started_at ? duration(now.elapsed) : "–"],
    [t("ui.progress.left"), isUnattended(store, now) || now.left === null ? "–" : about(now.left)],
    [t("ui.progress.runs"), number(experiment.num_runs)],
    ...queueEntries(experiment.progress?.queue),
  ];
}

/** @param {ExperimentStore} store @param {Now} now */
function warnings(store, now) {
  const { connection } = store;
  return [
    isUnattended(store, now) ? noWorkerNote() : null,
    connection === "lost" ? note("warn", t("ui.connection.lost")) : null,
    connection === "polling" ? note("info", t("ui.connection.polling")) : null,
    now.failed ? note("warn", t("ui.progress.some_failed", { count: now.failed })) : null,
  ];
}
