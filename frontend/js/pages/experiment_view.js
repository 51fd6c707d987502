/** What the page of an experiment shows, part by part, drawn from what the page knows. */

import { dataTitle } from "../base/data_title.js";
import { fill, h } from "../base/dom.js";
import { dateTime } from "../base/format.js";
import { t } from "../base/i18n.js";
import { hrefOf } from "../base/router.js";
import { scenarioText } from "../base/scenario_text.js";
import { savings } from "../cost/savings.js";
import { spending } from "../cost/spending.js";
import { actions } from "../experiment/actions.js";
import { experimentNotes } from "../experiment/experiment_notes.js";
import { progress } from "../experiment/progress.js";
import { report } from "../experiment/report.js";
import { runs } from "../experiment/runs.js";
import { stages } from "../experiment/stages.js";
import { stateChip } from "../experiment/state_chip.js";
import { tensors } from "../experiment/tensors.js";
import { figures } from "../figures/figures.js";
import { labels } from "../labels/labels.js";
import { scenarios } from "../verdict/scenarios.js";
import { verdictCard } from "../verdict/verdict_card.js";

/** @import { Experiment } from "../../types/answers.js" */
/** @import { ExperimentStore } from "../../types/page.js" */
/** @import { Acts } from "../verdict/verdict_card.js" */
/** @import { News } from "./keep_current.js" */

export class ExperimentView {
  #chip = h("span", {});
  #notes = h("div", { class: "stack" });
  #side = h("div", { class: "scenarios-slot" });
  #card = h("div", { class: "verdict-slot" });

  /**
   * @param {ExperimentStore} store @param {(news: News) => void} tell
   * @param {Acts} acts @param {AbortSignal} signal
   */
  constructor(store, tell, acts, signal) {
    const { experiment } = store;
    const onChange = (/** @type {Experiment} */ changed) => {
      // An action answers without the time that is left.
      Object.assign(experiment, { ...changed, progress: experiment.progress });
      tell("state");
    };
    this.store = store;
    this.acts = acts;
    this.labels = labels(experiment, onChange, signal);
    this.curves = figures(experiment, signal);
    this.live = { bar: progress(store), taken: spending(store), grid: stages(store) };
    const saved = savings(experiment, signal);
    this.folds = {
      saved,
      meeting: report(store, saved.query),
      constants: tensors(store, this.curves.choices, signal),
      table: runs(experiment, signal),
    };
    this.buttons = actions(store, onChange, signal, this.folds.meeting.button);
  }

  /** The parts, from top to bottom. */
  get elements() {
    const { bar, taken, grid } = this.live;
    const { saved, meeting, constants, table } = this.folds;
    return [
      this.#head(),
      this.#notes,
      bar.element,
      this.#side,
      this.#card,
      meeting.element,
      taken.element,
      grid.element,
      saved.element,
      this.curves.element,
      this.curves.more,
      constants.element,
      table.element,
    ];
  }

  #head() {
    const { created_at: created, dataset: data } = this.store.experiment;
    const time = h("time", { datetime: created }, dateTime(created));
    const dataset = h("a", { href: hrefOf(`/datasets/${data.id}`), data: { page: "" } }, dataTitle(data));
    return h(
      "header",
      { class: "page-head page-head-wide" },
      h(
        "div",
        {},
        h("p", { class: "kicker" }, t("ui.experiment.kicker"), " · ", dataset, " · ", time, " ", this.#chip),
        this.labels,
      ),
      this.buttons.element,
    );
  }

  /** @param {News} news */
  draw(news) {
    for (const part of Object.values(this.live)) part.update();
    if (news === "data") this.curves.refresh();
    if (news === "verdict" || news === "state") this.#drawAnswers();
    if (news !== "state") return;
    this.buttons.update();
    fill(this.#chip, stateChip(this.store.experiment.state));
    fill(this.#notes, experimentNotes(this.store));
    for (const part of Object.values(this.folds)) part.refresh();
  }

  /** The scenarios side by side, and the answer of the chosen one, else of the one that decides. */
  #drawAnswers() {
    const { experiment, answers, shown } = this.store;
    const scenario = shown || answers?.overall.scenario;
    const show = (/** @type {string} */ wanted) => this.#show(wanted);
    fill(this.#side, scenarios(answers?.overall, experiment.task, scenario, show));
    const verdict = answers?.verdicts.find((item) => item.scenario === scenario) ?? null;
    const opened = [...this.#card.querySelectorAll("details[id][open]")].map((details) => details.id);
    fill(this.#card, verdictCard(verdict, experiment, this.#nameOf(scenario), this.acts));
    // What somebody is reading stays open when the answer is drawn again.
    for (const id of opened) this.#card.querySelector(`#${id}`)?.setAttribute("open", "");
  }

  /** A scenario in words, where there are several. @param {string | undefined} scenario */
  #nameOf(scenario) {
    const { experiment, answers } = this.store;
    const isOneOfMany = answers !== null && answers.verdicts.length > 1;
    return isOneOfMany && scenario ? scenarioText(scenario, experiment.task) : "";
  }

  /** @param {string} scenario */
  #show(scenario) {
    this.store.shown = scenario;
    this.curves.choices.showScenario(scenario);
    this.#drawAnswers();
  }
}
