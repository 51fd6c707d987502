/** Earlier experiments: where each stands, what it answered, when. */

import { h } from "../base/dom.js";
import { dateTime } from "../base/format.js";
import { t } from "../base/i18n.js";
import { hrefOf } from "../base/router.js";
import { stateChip } from "../experiment/state_chip.js";
import { judgeAgainButton } from "../verdict/judge_again.js";
import { outcomeChip } from "../verdict/outcome_chip.js";

/** @import { ExperimentItem } from "../../types/answers.js" */

/** @param {ExperimentItem[]} experiments @param {() => void} onJudged after one was judged again */
export function experimentList(experiments, onJudged) {
  if (!experiments.length) return h("p", { class: "empty" }, t("ui.home.no_experiments"));
  return h(
    "ul",
    { class: "list" },
    experiments.map((experiment) => entry(experiment, onJudged)),
  );
}

/** @param {ExperimentItem} experiment @param {() => void} onJudged */
function entry(experiment, onJudged) {
  const { id, name, state, outcome, created_at: created, is_judged_by_old_rules: isOld } = experiment;
  return h(
    "li",
    {},
    h(
      "a",
      { href: hrefOf(`/experiments/${id}`), data: { page: "" }, class: "list-entry" },
      h("span", { class: "list-name" }, name),
      h("span", { class: "list-answer" }, outcome && outcomeChip(outcome), isOld && oldRules(experiment)),
      state === "completed" ? null : stateChip(state),
      h("time", { class: "list-date", datetime: created }, dateTime(created)),
    ),
    isOld ? judgeAgainButton(experiment, onJudged) : null,
  );
}

/** @param {ExperimentItem} experiment */
function oldRules({ rule_version: version }) {
  const title = t("ui.verdict.mark.old_rules_why", { version });
  return h("span", { class: "chip", data: { mark: "old_rules" }, title }, t("ui.verdict.mark.old_rules"));
}
