/** What an experiment has taken, when it will end, and what is left of its budget. */

import { fill, h } from "../base/dom.js";
import { about, duration, money, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { note } from "../base/note.js";
import { factEntries } from "../base/tables.js";

/** @import { Experiment, Outlay, Progress } from "../../types/answers.js" */
/** @import { ExperimentStore, Updating } from "../../types/page.js" */
/** @typedef {[string, string][]} Entries names and values */

/** @param {ExperimentStore} store @returns {Updating} */
export function spending(store) {
  const facts = h("dl", { class: "facts" });
  const notes = h("div", { class: "stack" });
  const title = t("ui.spending.title");
  const element = h(
    "section",
    { class: "panel", id: "spending", "aria-label": title },
    h("h2", {}, title),
    facts,
    notes,
  );
  let shown = "";
  const update = () => {
    const { progress, stop_reason: reason } = store.experiment;
    element.hidden = !progress;
    const wanted = JSON.stringify([progress, reason]);
    if (!progress || wanted === shown) return;
    shown = wanted;
    fill(facts, factEntries(entries(store.experiment, progress)));
    fill(notes, progress.left_out ? note("warn", leftOut(progress.left_out)) : null);
  };
  return { element, update };
}

/** @param {Experiment} experiment @param {Progress} progress @returns {Entries} */
function entries({ spec, state }, progress) {
  const isOpen = ["queued", "running"].includes(state);
  /** @type {Entries} */
  const total = isOpen ? [[t("ui.spending.total"), about(progress.predicted_total_seconds)]] : [];
  return [
    ...timeLeft(progress, isOpen, spec.protocol === "staged"),
    [t("ui.spending.spent"), duration(progress.spent_seconds)],
    ...total,
    ...budgetEntries(progress),
  ];
}

/** @param {Progress} progress @param {boolean} isOpen @param {boolean} isStaged @returns {Entries} */
function timeLeft({ stage, num_stages, eta_seconds: eta, eta_most_seconds: most }, isOpen, isStaged) {
  /** @type {Entries} */
  const found = [];
  if (isOpen && isStaged) {
    const counts = { done: number(stage + 1), total: number(num_stages) };
    found.push([t("ui.spending.stage"), t("ui.progress.of", counts)]);
  }
  if (eta !== null) found.push([t("ui.spending.left"), about(eta)]);
  if (eta !== null && isStaged) found.push([t("ui.spending.left_most"), about(most ?? eta)]);
  return found;
}

/** @param {Progress} progress @returns {Entries} */
function budgetEntries({ budget }) {
  if (!budget) return [];
  /** @type {Entries} */
  const found = [
    [t("ui.spending.budget"), duration(budget.limit_seconds)],
    [t("ui.spending.budget_left"), duration(budget.left_seconds)],
  ];
  if (budget.money_spent !== null && budget.currency) {
    found.push([t("ui.spending.money"), money(budget.money_spent, budget.currency)]);
  }
  return found;
}

/** @param {Outlay} outlay */
function leftOut({ num_runs, slot_seconds, money: cost, currency }) {
  const words = t("ui.spending.left_out", { runs: number(num_runs), time: about(slot_seconds) });
  return cost === null || !currency ? words : `${words} (${money(cost, currency)})`;
}
