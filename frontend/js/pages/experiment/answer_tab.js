/** What an experiment answers: how far it is, the verdict, the figure that shows it, and what it took. */

import { fill, h } from "../../base/dom.js";
import { scenarioText } from "../../words/scenario_text.js";
import { spending } from "../../cost/spending.js";
import { stages } from "../../experiment/stages.js";
import { answerFigures, timeFigure } from "../../figures/answer_figure.js";
import { scenarios } from "../../verdict/scenarios.js";
import { verdictCard } from "../../verdict/verdict_card.js";
import { isOpen } from "./keep_current.js";

/** @import { News } from "./keep_current.js" */
/** @import { Shared } from "./view.js" */

export class AnswerTab {
  #side = h("div", { class: "scenarios-slot" });
  #card = h("div", { class: "verdict-slot" });

  /** @param {Shared} shared */
  constructor({ store, acts, bar, saved, showScenario, signal }) {
    this.store = store;
    this.acts = acts;
    this.showScenario = showScenario;
    this.parts = { taken: spending(store), grid: stages(store) };
    this.picture = answerFigures(store.experiment, () => this.#scenario() ?? "", signal);
    this.time = timeFigure(store.experiment, signal);
    this.saved = saved;
    const { taken, grid } = this.parts;
    this.element = h(
      "div",
      { class: "tab-parts" },
      bar.element,
      this.#side,
      this.#card,
      this.picture.element,
      taken.element,
      this.time.element,
      grid.element,
      this.saved.element,
    );
  }

  /** @param {News} news */
  draw(news) {
    for (const part of Object.values(this.parts)) part.update();
    if (news === "progress") return;
    this.picture.refresh();
    this.time.refresh();
    if (news === "data") return;
    this.#drawAnswers();
    if (news === "state") this.saved.refresh();
  }

  /** The scenario whose answer is shown: the chosen one, else the one that decides. */
  #scenario() {
    return this.store.shown || this.store.answers?.overall.scenario;
  }

  /** The scenarios side by side, and the answer of the one that is shown. */
  #drawAnswers() {
    const { experiment, answers } = this.store;
    const scenario = this.#scenario();
    fill(this.#side, scenarios(answers?.overall, experiment.task, scenario, this.showScenario));
    const verdict = answers?.verdicts.find((item) => item.scenario === scenario) ?? null;
    const opened = [...this.#card.querySelectorAll("details[id][open]")].map((details) => details.id);
    fill(this.#card, verdictCard(verdict, experiment, this.#nameOf(scenario), this.acts, isOpen(this.store)));
    // What somebody is reading stays open when the answer is drawn again.
    for (const id of opened) this.#card.querySelector(`#${id}`)?.setAttribute("open", "");
  }

  /** A scenario in words, where there are several. @param {string | undefined} scenario */
  #nameOf(scenario) {
    const { experiment, answers } = this.store;
    const isOneOfMany = answers !== null && answers.verdicts.length > 1;
    return isOneOfMany && scenario ? scenarioText(scenario, experiment.task) : "";
  }
}
