/** Earlier experiments: where each stands, what it answered, when. */

import { get } from "../api.js";
import { h } from "../dom.js";
import { dateTime } from "../format.js";
import { t } from "../i18n.js";
import { hrefOf } from "../router.js";
import { outcomeChip, stateChip } from "./outcome_chip.js";

const MAX_ANSWERS = 20;

/** @param {any[]} experiments @param {Map<string, any>} answers verdicts known so far @param {AbortSignal} signal */
export function experimentList(experiments, answers, signal) {
  if (!experiments.length) return h("p", { class: "empty" }, t("ui.home.no_experiments"));
  const slots = new Map(experiments.map((experiment) => [experiment.id, h("span", { class: "list-answer" })]));
  for (const [id, slot] of slots) if (answers.get(id)) slot.append(outcomeChip(answers.get(id)));
  readAnswers(experiments, answers, slots, signal);
  return h("ul", { class: "list" }, experiments.map((experiment) => entry(experiment, slots.get(experiment.id))));
}

function entry(experiment, answer) {
  return h(
    "li",
    {},
    h(
      "a",
      { href: hrefOf(`/experiments/${experiment.id}`), data: { page: "" }, class: "list-entry" },
      h("span", { class: "list-name" }, experiment.name),
      answer,
      experiment.state === "completed" ? null : stateChip(experiment.state),
      h("time", { class: "list-date", datetime: experiment.created_at }, dateTime(experiment.created_at)),
    ),
  );
}

async function readAnswers(experiments, answers, slots, signal) {
  const wanted = experiments.filter((item) => item.state === "completed" && !answers.has(item.id)).slice(0, MAX_ANSWERS);
  for (const { id } of wanted) {
    const verdict = await get(`/experiments/${id}/verdict`, signal).catch(() => null);
    if (signal.aborted) return;
    answers.set(id, verdict?.outcome ?? null);
    if (verdict) slots.get(id).replaceChildren(outcomeChip(verdict.outcome));
  }
}
