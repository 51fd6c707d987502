/** Earlier experiments: where each stands, what it answered, when. */

import { h } from "../dom.js";
import { dateTime } from "../format.js";
import { t } from "../i18n.js";
import { hrefOf } from "../router.js";
import { outcomeChip, stateChip } from "./outcome_chip.js";

/** @param {any[]} experiments */
export function experimentList(experiments) {
  if (!experiments.length) return h("p", { class: "empty" }, t("ui.home.no_experiments"));
  return h("ul", { class: "list" }, experiments.map(entry));
}

function entry(experiment) {
  return h(
    "li",
    {},
    h(
      "a",
      { href: hrefOf(`/experiments/${experiment.id}`), data: { page: "" }, class: "list-entry" },
      h("span", { class: "list-name" }, experiment.name),
      h("span", { class: "list-answer" }, experiment.outcome && outcomeChip(experiment.outcome)),
      experiment.state === "completed" ? null : stateChip(experiment.state),
      h("time", { class: "list-date", datetime: experiment.created_at }, dateTime(experiment.created_at)),
    ),
  );
}
