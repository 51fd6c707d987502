/** What an experiment has taken, when it will end, and what is left of its budget. */

import { fill, h } from "../base/dom.js";
import { about, duration, money, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { note } from "../base/note.js";

/** @param {any} store @returns {{element: HTMLElement, update: () => void}} */
export function spending(store) {
  const facts = h("dl", { class: "facts" });
  const notes = h("div", { class: "stack" });
  const element = h(
    "section",
    { class: "panel", id: "spending", "aria-label": t("ui.spending.title") },
    h("h2", {}, t("ui.spending.title")),
    facts,
    notes,
  );
  let shown = "";
  const update = () => {
    const { progress } = store.experiment;
    element.hidden = !progress;
    const wanted = JSON.stringify([progress, store.experiment.stop_reason]);
    if (!progress || wanted === shown) return;
    shown = wanted;
    fill(
      facts,
      entries(store.experiment, progress).map(([name, value]) =>
        h("div", {}, h("dt", {}, t(`ui.spending.${name}`)), h("dd", { class: "number" }, value)),
      ),
    );
    fill(notes, progress.left_out ? note("warn", leftOut(progress.left_out)) : null);
  };
  return { element, update };
}

function entries({ spec, state }, progress) {
  const isOpen = ["queued", "running"].includes(state);
  const { budget } = progress;
  const isStaged = spec.protocol === "staged";
  return [
    ...(isOpen && isStaged
      ? [["stage", t("ui.progress.of", { done: number(progress.stage + 1), total: number(progress.num_stages) })]]
      : []),
    ...(progress.eta_seconds !== null ? [["left", about(progress.eta_seconds)]] : []),
    ...(progress.eta_seconds !== null && isStaged ? [["left_most", about(progress.eta_most_seconds)]] : []),
    ["spent", duration(progress.spent_seconds)],
    ...(isOpen ? [["total", about(progress.predicted_total_seconds)]] : []),
    ...(budget
      ? [
          ["budget", duration(budget.limit_seconds)],
          ["budget_left", duration(budget.left_seconds)],
        ]
      : []),
    ...(budget && budget.money_spent !== null ? [["money", money(budget.money_spent, budget.currency)]] : []),
  ];
}

const leftOut = ({ num_runs, slot_seconds, money: cost, currency }) =>
  t("ui.spending.left_out", { runs: number(num_runs), time: about(slot_seconds) }) +
  (cost === null ? "" : ` (${money(cost, currency)})`);
