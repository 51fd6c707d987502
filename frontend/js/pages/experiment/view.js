/** The frame of an experiment's pages: its name, what can be done, the way between the pages, and the one shown. */

import { breadcrumbs, experimentCrumb, experimentsCrumb } from "../../words/breadcrumbs.js";
import { dataTitle } from "../../words/data_title.js";
import { fill, h, say } from "../../base/dom.js";
import { dateTime } from "../../base/format.js";
import { savings } from "../../cost/savings.js";
import { keepFolds } from "../../base/fold_memory.js";
import { t } from "../../base/i18n.js";
import { hrefOf, remember } from "../../base/router.js";
import { actions } from "../../experiment/actions.js";
import { experimentNotes } from "../../experiment/experiment_notes.js";
import { liveLine, progress } from "../../experiment/progress.js";
import { stateChip } from "../../experiment/state_chip.js";
import { labels } from "../../labels/labels.js";
import { AnswerTab } from "./answer_tab.js";
import { CurvesTab } from "./curves_tab.js";
import { isOpen } from "./keep_current.js";
import { ReportTab } from "./report_tab.js";
import { RunTab } from "./run_tab.js";
import { RunsTab } from "./runs_tab.js";
import { SettingsTab } from "./settings_tab.js";
import { tabs } from "./tabs.js";

/** @import { Experiment } from "../../../types/answers.js" */
/** @import { ExperimentStore, Route } from "../../../types/page.js" */
/** @import { Acts } from "../../verdict/verdict_card.js" */
/** @import { News } from "./keep_current.js" */

/**
 * @typedef {object} Tab one page of an experiment, drawn from what all its pages know
 * @property {HTMLElement} element
 * @property {(news: News) => void} draw
 * @property {(scenario: string) => void} [onScenario] another scenario's answer is shown
 *
 * @typedef {object} Shared what every tab is made with
 * @property {ExperimentStore} store
 * @property {Acts} acts
 * @property {ReturnType<typeof progress>} bar
 * @property {ReturnType<typeof savings>} saved with what its reader assumes
 * @property {(scenario: string) => void} showScenario
 * @property {AbortSignal} signal
 */

/** @type {Record<string, (shared: Shared) => Tab>} */
const TABS = {
  "": (shared) => new AnswerTab(shared),
  curves: (shared) => new CurvesTab(shared),
  runs: (shared) => new RunsTab(shared),
  settings: (shared) => new SettingsTab(shared),
  report: (shared) => new ReportTab(shared),
};

export class ExperimentView {
  #crumbs = h("div", {});
  #chip = h("span", {});
  #line = h("span", { class: "number" });
  #notes = h("div", { class: "stack" });
  #body = h("div", { class: "tab" });
  /** Those that were looked at: each keeps what it shows, and where it was scrolled to. @type {Map<string, Tab>} */
  #made = new Map();
  #places = new Map();
  #part = "";

  /**
   * @param {ExperimentStore} store @param {(news: News) => void} tell
   * @param {Acts} acts @param {AbortSignal} signal
   */
  constructor(store, tell, acts, signal) {
    const { experiment } = store;
    const onChange = (/** @type {Experiment} */ changed) => {
      // An action answers without the time that is left.
      const known = { ...changed, progress: experiment.progress };
      if (!isOpen(store) && isOpen({ experiment: known })) return acts.onReopened(known);
      Object.assign(experiment, known);
      tell("state");
    };
    this.store = store;
    this.bar = progress(store);
    this.buttons = actions(store, onChange, signal, reportLink(experiment.id));
    this.labels = labels(experiment, onChange, signal);
    this.tabs = tabs(experiment.id, Object.keys(TABS), signal);
    this.folds = keepFolds(this.#body, signal);
    this.shared = {
      store,
      acts,
      bar: this.bar,
      saved: savings(experiment, signal),
      signal,
      showScenario: (/** @type {string} */ name) => this.#show(name),
    };
  }

  /** The parts, from top to bottom. */
  get elements() {
    return [this.#crumbs, this.#head(), this.tabs.element, this.bar.notes, this.#notes, this.#body];
  }

  #head() {
    const { created_at: created, dataset: data } = this.store.experiment;
    const time = h("time", { datetime: created }, dateTime(created));
    const dataset = h("a", { href: hrefOf(`/datasets/${data.id}`), data: { page: "" } }, dataTitle(data));
    const named = [t("ui.experiment.data"), dataset];
    return h(
      "header",
      { class: "page-head page-head-wide" },
      h("div", {}, h("p", { class: "kicker" }, named, " · ", time, " ", this.#chip, this.#line), this.labels),
      this.buttons.element,
    );
  }

  /** Show the page that an address names. @param {Route} route */
  turn({ part: named, item }) {
    const part = item || named;
    this.#places.set(this.#part, window.scrollY);
    const isNew = !this.#made.has(part);
    const tab = this.#made.get(part) ?? (item ? new RunTab(this.shared, item) : TABS[part](this.shared));
    this.#made.set(part, tab);
    this.#part = part;
    this.tabs.show(item ? "runs" : part);
    fill(this.#body, tab.element);
    this.draw("state");
    if (item) scrollTo(0, 0); // the link to a run may be far down a list
    if (isNew) return;
    scrollTo(0, this.#places.get(part) ?? 0);
    dispatchEvent(new Event("resize")); // a figure that was away may have another width now
  }

  /** @param {News} news */
  draw(news) {
    const { experiment } = this.store;
    this.bar.update();
    say(this.#line, liveLine(this.store));
    this.#made.get(this.#part)?.draw(news);
    if (news === "state") {
      this.buttons.update();
      fill(this.#chip, stateChip(experiment.state));
      fill(this.#crumbs, crumbsOf(experiment, this.#part, Object.keys(TABS)));
      fill(this.#notes, experimentNotes(this.store));
    }
    if (news !== "progress") this.folds.apply();
  }

  /** @param {string} scenario */
  #show(scenario) {
    this.store.shown = scenario;
    remember({ scenario });
    for (const tab of this.#made.values()) tab.onScenario?.(scenario);
    this.draw("verdict");
  }
}

/**
 * The way to the page that is shown; what is no tab is a run.
 * @param {Experiment} experiment @param {string} part @param {string[]} parts
 */
function crumbsOf(experiment, part, parts) {
  if (part === "") return breadcrumbs([experimentsCrumb()], experiment.name);
  const above = [experimentsCrumb(), experimentCrumb(experiment)];
  if (parts.includes(part)) return breadcrumbs(above, t(`ui.tabs.${part}`));
  const runs = { name: t("ui.tabs.runs"), path: `/experiments/${experiment.id}/runs` };
  return breadcrumbs([...above, runs], t("ui.crumbs.run"));
}

/** Leads to the report from everywhere. @param {string} id of the experiment */
const reportLink = (id) =>
  h(
    "a",
    { class: "button", href: hrefOf(`/experiments/${id}/report`), data: { page: "", action: "report" } },
    t("ui.report.button"),
  );
