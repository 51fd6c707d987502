/** The plan: how thorough, what will be trained, how long it takes, and the one big button. */

import { isAbort, post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { about, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { newKey } from "../base/idempotency_key.js";
import { planRequest } from "./plan_request.js";
import { errorNote, noWorkerNote } from "../base/note.js";
import { planDetails } from "./plan_details.js";
import { presets } from "./presets.js";
import { scenarioEditor } from "./scenario_editor.js";
import { settings } from "./settings.js";

/**
 * @param {any} dataset @param {any} choices {preset, own}, changed in place
 * @param {(experiment: any) => void} onCreated @param {AbortSignal} signal
 */
export function plan(dataset, choices, onCreated, signal) {
  const summary = h("div", { class: "plan-summary", "aria-live": "polite" });
  const problem = h("div", {});
  const estimate = h("p", { class: "plan-estimate", role: "status" });
  const button = h("button", { type: "button", class: "button button-main button-big", id: "run" }, t("ui.plan.run"));
  let key = newKey();
  let asking = new AbortController();
  const wishes = () =>
    planRequest(dataset, {
      preset: choices.preset,
      own: choices.own.values ?? {},
      scenarios: choices.own.scenarios,
      budget: choices.budget,
    });
  const conditions = scenarioEditor(
    dataset,
    choices.own,
    () => preview(),
    () => choices.plan,
  );
  const cards = presets(choices, () => preview(), wishes);
  const fields = settings(
    dataset,
    choices.own,
    () => preview(),
    () => choices.plan?.spec,
  );

  const preview = async () => {
    asking.abort();
    const mine = (asking = new AbortController());
    key = newKey(); // another plan is another experiment
    summary.classList.add("is-stale");
    button.disabled = true;
    // Who goes through the fields changes one after another: ask once they rest, the server works on till the end.
    if (choices.plan) await rest(REST_MILLISECONDS);
    if (mine.signal.aborted || signal.aborted) return;
    try {
      choices.plan = await post("/experiments/preview", wishes(), { signal: mine.signal });
      if (mine.signal.aborted || signal.aborted) return;
      fill(problem);
      button.disabled = false;
      show(choices.plan);
      await cards.refresh(mine.signal);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      fill(problem, errorNote(error));
      fill(estimate);
    }
  };
  const show = (/** @type {any} */ found) => {
    summary.classList.remove("is-stale");
    fill(summary, found.num_workers ? null : noWorkerNote(), planDetails(found, dataset.shape.task));
    fill(estimate, t("ui.plan.estimate", { runs: number(found.num_runs), time: about(found.predicted_seconds) }));
    fields.show(found.spec);
    conditions.update();
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      onCreated(await post("/experiments", wishes(), { signal, key }));
    } catch (error) {
      if (signal.aborted) return;
      fill(problem, errorNote(error));
      button.disabled = false;
    }
  });
  signal.addEventListener("abort", () => asking.abort(), { once: true });
  if (choices.plan) show(choices.plan);
  else preview();
  return h(
    "section",
    { class: "panel plan" },
    h("h2", {}, t("ui.plan.title")),
    cards.element,
    summary,
    problem,
    h("div", { class: "plan-go" }, button, estimate),
    conditions.element,
    fields.element,
  );
}

const REST_MILLISECONDS = 150;
const rest = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
