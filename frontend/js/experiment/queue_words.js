/** What an experiment waits for, or shares the machine with, in words. */

import { number, timeOfDay } from "../base/format.js";
import { language, t } from "../base/i18n.js";

/** @import { Queue } from "../../types/answers.js" */

/** Whether others train while it does not. @param {Queue | null | undefined} queue */
export const isWaiting = (queue) => Boolean(queue && queue.expected_start !== null && queue.num_running > 0);

/** @param {Queue} queue of an experiment that waits */
export function waitingSentence({ num_running: count, expected_start: start }) {
  const words = { count: number(count), time: timeOfDay(start ?? "") };
  return t(count === 1 ? "ui.queue.waiting_for_one" : "ui.queue.waiting_for_several", words);
}

/** @param {Queue | null | undefined} queue @returns {[string, string][]} */
export function queueEntries(queue) {
  if (!queue) return [];
  const total = number(queue.num_others + 1);
  const place = t("ui.progress.of", { done: number(queue.position), total });
  const names = queue.running.map((name) => t("ui.queue.name", { name }));
  const unnamed = queue.num_running - names.length;
  if (unnamed > 0) names.push(t("ui.queue.unnamed", { count: number(unnamed) }));
  return [
    [t("ui.queue.position"), place],
    [t("ui.queue.running"), names.join(language() === "ja" ? "、" : ", ") || "–"],
  ];
}
