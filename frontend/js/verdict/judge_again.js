/** For an answer given under earlier rules: say so, and offer to have the stored evidence judged again. */

import { post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote, note } from "../base/note.js";

/** @import { Experiment } from "../../types/answers.js" */

/** A sentence and the button. @param {Experiment} experiment @param {() => void} onJudged @returns {HTMLElement} */
export function judgeAgain(experiment, onJudged) {
  return note("info", [
    h("span", {}, t("ui.judge_again.why", { version: experiment.rule_version })),
    judgeAgainButton(experiment, onJudged),
  ]);
}

/**
 * The button alone; nothing is trained again.
 * @param {Pick<Experiment, "id" | "name">} experiment @param {() => void} onJudged
 */
export function judgeAgainButton({ id, name }, onJudged) {
  const problem = h("span", {});
  const button = h(
    "button",
    {
      type: "button",
      class: "button",
      data: { action: "judge-again" },
      "aria-label": t("ui.judge_again.of", { name }),
    },
    t("ui.judge_again.button"),
  );
  button.addEventListener("click", async () => {
    button.disabled = true;
    fill(problem, h("span", { class: "hint", role: "status" }, t("ui.judge_again.busy")));
    try {
      await post(`/experiments/${id}/verdicts`);
      fill(problem);
      onJudged();
    } catch (error) {
      fill(problem, errorNote(error));
      button.disabled = false;
    }
  });
  return h("span", { class: "row" }, button, problem);
}
