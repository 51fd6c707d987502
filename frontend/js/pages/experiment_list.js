/** Earlier experiments: where each stands, what it answered, when. */

import { h } from "../base/dom.js";
import { dateTime } from "../base/format.js";
import { t } from "../base/i18n.js";
import { hrefOf } from "../base/router.js";
import { judgeAgainButton } from "../verdict/judge_again.js";
import { stateChip } from "../experiment/state_chip.js";
import { outcomeChip } from "../verdict/outcome_chip.js";

/** @param {any[]} experiments @param {() => void} [onJudged] after one was judged again */
export function experimentList(experiments, onJudged = () => {}) {
  if (!experiments.length) return h("p", { class: "empty" }, t("ui.home.no_experiments"));
  return h(
    "ul",
    { class: "list" },
    experiments.map((experiment) => entry(experiment, onJudged)),
  );
}

function entry(experiment, onJudged) {
  return h(
    "li",
    {},
    h(
      "a",
      { href: hrefOf(`/experiments/${experiment.id}`), data: { page: "" }, class: "list-entry" },
      h("span", { class: "list-name" }, experiment.name),
      h(
        "span",
        { class: "list-answer" },
        experiment.outcome && outcomeChip(experiment.outcome),
        experiment.is_judged_by_old_rules && oldRules(experiment),
      ),
      experiment.state === "completed" ? null : stateChip(experiment.state),
      h("time", { class: "list-date", datetime: experiment.created_at }, dateTime(experiment.created_at)),
    ),
    experiment.is_judged_by_old_rules ? judgeAgainButton(experiment, onJudged) : null,
  );
}

const oldRules = ({ rule_version: version }) =>
  h(
    "span",
    { class: "chip", data: { mark: "old_rules" }, title: t("ui.verdict.mark.old_rules_why", { version }) },
    t("ui.verdict.mark.old_rules"),
  );
