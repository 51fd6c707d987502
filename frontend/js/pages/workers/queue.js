/** Experiments that run or wait, in the order in which they start. */

import { h } from "../../base/dom.js";
import { number, timeOfDay } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { hrefOf } from "../../base/router.js";

/** @import { Status, Waiting } from "../../../types/answers.js" */

/** @param {Status} status */
export function queue({ num_open: count, queue: found }) {
  return h("section", { class: "stack", id: "queue" }, h("h2", {}, t("ui.workers.queue")), content(count, found));
}

/** @param {number | null} count @param {Waiting[]} found */
function content(count, found) {
  if (count === null) return h("p", { class: "empty" }, t("ui.workers.queue_unknown"));
  if (count === 0) return h("p", { class: "empty" }, t("ui.workers.queue_empty"));
  const running = found.filter(({ is_running: isRunning }) => isRunning).length;
  const more = count - found.length;
  return [
    h(
      "p",
      { class: "hint" },
      t("ui.workers.queue_count", { running: number(running), waiting: number(count - running) }),
    ),
    h("ol", { class: "list" }, found.map(entry)),
    more > 0 ? h("p", { class: "hint" }, t("ui.bulk.more", { count: number(more) })) : null,
  ];
}

/** @param {Waiting} waiting */
function entry({ id, name, is_running: isRunning, expected_start: start, created_at: created }) {
  const title = id
    ? h("a", { href: hrefOf(`/experiments/${id}`), data: { page: "" }, class: "wrap" }, name)
    : h("span", {}, t("ui.workers.others"));
  return h(
    "li",
    { class: "queue-entry", data: { id: id ?? created } },
    h("span", { class: "list-name" }, title),
    h("span", { class: "hint" }, stateText(isRunning, start)),
  );
}

/** @param {boolean} isRunning @param {string | null} start */
export function stateText(isRunning, start) {
  if (isRunning) return t("ui.state.running");
  return start === null ? t("ui.workers.waits_for_worker") : t("ui.workers.starts", { time: timeOfDay(start) });
}
