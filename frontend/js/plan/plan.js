/** The plan: how thorough, what will be trained, how long it takes, and the one big button. */

import { isAbort, post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { newKey } from "../base/idempotency_key.js";
import { errorNote, noWorkerNote } from "../base/note.js";
import { cloneOrigin } from "./clone/clone_origin.js";
import { estimate, planDetails } from "./plan_details.js";
import { planRequest } from "./plan_request.js";
import { presets } from "./presets.js";
import { markWrong } from "./wrong_fields.js";
import { scenarioEditor } from "./scenario_editor.js";
import { settings } from "./settings.js";
import { startingPointCards } from "./starting_points.js";
import { targetQuestion } from "./target_question.js";

/** @import { Dataset, Experiment, Plan, Spec } from "../../types/answers.js" */
/** @import { Child, CloneOrigin, PlanChoices } from "../../types/page.js" */

/**
 * @typedef {object} Start what a plan starts from, above its summary
 * @property {Child} element
 * @property {Child} warning what a plan like this cannot do, above the button
 * @property {(spec: Spec) => void} show tell of the latest plan
 * @property {(signal: AbortSignal) => Promise<void>} refresh ask the server anew
 */

const REST_MILLISECONDS = 150;
const rest = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * @param {Dataset} dataset @param {PlanChoices} choices changed in place
 * @param {(experiment: Experiment) => void} onCreated @param {AbortSignal} signal
 */
export function plan(dataset, choices, onCreated, signal) {
  const planning = new Planning(dataset, choices, signal);
  signal.addEventListener("abort", () => planning.stop(), { once: true });
  planning.button.addEventListener("click", () => planning.create(onCreated));
  if (choices.plan) planning.show(choices.plan);
  else planning.preview();
  return planning.element;
}

/** Asks what a plan comes to whenever a choice changes, and shows the latest answer. */
class Planning {
  #summary = h("div", { class: "plan-summary", "aria-live": "polite" });
  #problem = h("div", {});
  #estimate = h("p", { class: "plan-estimate", role: "status" });
  /** Another plan is another experiment: it gets a key of its own. */
  #key = newKey();
  #asking = new AbortController();
  #conditions;
  #start;
  #fields;
  #target;

  /** @param {Dataset} dataset @param {PlanChoices} choices @param {AbortSignal} signal */
  constructor(dataset, choices, signal) {
    this.dataset = dataset;
    this.choices = choices;
    this.signal = signal;
    const changed = () => this.preview();
    this.button = h("button", { type: "button", class: "button button-main button-big", id: "run" }, t("ui.plan.run"));
    this.#conditions = scenarioEditor(dataset, choices.own, changed, () => choices.plan);
    this.#fields = settings(dataset, choices.own, changed, () => choices.plan?.spec);
    this.#target = targetQuestion(choices.own, changed, () => choices.plan?.spec);
    this.#start = choices.clone ? cloned(choices.clone, dataset) : this.#proposed(changed);
    this.element = this.#build();
  }

  #build() {
    return h(
      "section",
      { class: "panel plan" },
      h("h2", {}, t("ui.plan.title")),
      this.#target.element,
      this.#start.element,
      this.#summary,
      this.#start.warning,
      this.#problem,
      h("div", { class: "plan-go" }, this.button, this.#estimate),
      this.#conditions.element,
      this.#fields.element,
    );
  }

  /** Starting points and presets. @param {() => void} changed @returns {Start} */
  #proposed(changed) {
    const cards = presets(this.choices, changed, () => this.#wishes());
    const starts = startingPointCards(this.choices, changed, this.#fields.open);
    return { element: [starts, ...cards.element], warning: cards.warning, show: () => {}, refresh: cards.refresh };
  }

  #wishes() {
    return planRequest(this.dataset, this.choices);
  }

  /** Ask what the plan comes to; only the latest question is answered. */
  async preview() {
    this.#asking.abort();
    const mine = (this.#asking = new AbortController());
    const isOver = () => mine.signal.aborted || this.signal.aborted;
    this.#key = newKey();
    this.#summary.classList.add("is-stale");
    this.button.disabled = true;
    // Who goes through the fields changes one after another: ask once they rest, the server works on till the end.
    if (this.choices.plan) await rest(REST_MILLISECONDS);
    if (isOver()) return;
    try {
      /** @type {Plan} */
      const found = await post("/experiments/preview", this.#wishes(), { signal: mine.signal });
      this.choices.plan = found;
      if (isOver()) return;
      this.#tell(null);
      this.button.disabled = false;
      this.show(found);
      await this.#start.refresh(mine.signal);
    } catch (error) {
      if (isAbort(error) || this.signal.aborted) return;
      this.#tell(error);
      fill(this.#estimate);
    }
  }

  /** @param {Plan} found */
  show(found) {
    this.#summary.classList.remove("is-stale");
    fill(this.#summary, found.num_workers ? null : noWorkerNote(), planDetails(found, this.dataset.shape.task));
    fill(this.#estimate, estimate(found));
    this.#fields.show(found.spec);
    this.#target.show(found);
    this.#start.show(found.spec);
    this.#conditions.update();
  }

  /** Start what is planned. @param {(experiment: Experiment) => void} onCreated */
  async create(onCreated) {
    this.button.disabled = true;
    try {
      onCreated(await post("/experiments", this.#wishes(), { signal: this.signal, key: this.#key }));
    } catch (error) {
      if (this.signal.aborted) return;
      this.#tell(error);
      this.button.disabled = false;
    }
  }

  /** Say what is wrong, at the button and beside the fields; null for nothing. @param {unknown} error */
  #tell(error) {
    const told = markWrong(this.element, error);
    fill(this.#problem, told === null ? null : errorNote(told));
  }

  stop() {
    this.#asking.abort();
  }
}

/** The experiment that the plan comes from. @param {CloneOrigin} clone @param {Dataset} dataset @returns {Start} */
function cloned(clone, { shape }) {
  const { element, update } = cloneOrigin(clone, shape.task);
  return { element, warning: null, show: update, refresh: async () => {} };
}
