/** One run by itself: what it was, everything recorded of it as figures, and the runs beside it in the grid. */

import { addressOf, get, isAbort } from "../../base/api.js";
import { fill, h, icon } from "../../base/dom.js";
import { figure as digits, number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { ICONS } from "../../base/icons.js";
import { errorNote } from "../../base/note.js";
import { hrefOf } from "../../base/router.js";
import { scenarioText } from "../../words/scenario_text.js";
import { sizeText } from "../../words/size_text.js";
import { factEntries } from "../../base/tables.js";
import { figure } from "../../figures/figure.js";

/** @import { Experiment, RunDetail } from "../../../types/answers.js" */
/** @import { Refreshing } from "../../../types/page.js" */
/** @import { News } from "./keep_current.js" */
/** @import { Shared } from "./view.js" */

export class RunTab {
  #head = h("div", { class: "stack" });
  #plots = h("div", { class: "figure-pair" });
  /** @type {Map<string, Refreshing>} */
  #figures = new Map();

  /** @param {Shared} shared @param {string} id of the run */
  constructor({ store, signal }, id) {
    this.experiment = store.experiment;
    this.signal = signal;
    this.path = `/experiments/${this.experiment.id}/runs/${id}`;
    this.element = h("div", { class: "tab-parts", id: "run" }, this.#head, this.#plots);
    fill(this.#head, h("p", { class: "hint", role: "status" }, t("ui.loading")));
  }

  /** @param {News} news */
  draw(news) {
    if (news === "data" || news === "state") this.#read();
  }

  async #read() {
    try {
      /** @type {RunDetail} */
      const found = await get(this.path, this.signal);
      fill(this.#head, head(found, this.experiment, this.path));
      for (const metric of found.series) this.#show(metric);
    } catch (error) {
      if (!isAbort(error)) fill(this.#head, errorNote(error));
    }
  }

  /** @param {string} metric */
  #show(metric) {
    const known = this.#figures.get(metric);
    if (known) return known.refresh();
    const { id, name } = this.experiment;
    const subject = { experimentId: id, title: name, name: `run-${metric}`, path: `${this.path}/figures/${metric}` };
    const nothing = () => {};
    const made = figure(subject, () => [], nothing, nothing, this.signal);
    this.#figures.set(metric, made);
    this.#plots.append(made.element);
  }
}

/** @param {RunDetail} found @param {Experiment} experiment @param {string} path */
function head({ run, same_lr: sameLr, same_seed: sameSeed }, { id, spec, task }, path) {
  const size = sizeText(run.width, spec.depths.length > 1 ? run.depth : null);
  const title = t("ui.run_page.title", { size, lr: digits(run.lr), seed: run.seed });
  const words = t("ui.run_page.csv");
  const csv = h(
    "a",
    { class: "button", href: addressOf(`${path}/series.csv`), download: true },
    icon(ICONS.download),
    words,
  );
  const to = (/** @type {{id: string}} */ other) => hrefOf(`/experiments/${id}/runs/${other.id}`);
  const seeds = sameLr.map((other) => neighbour(to(other), t("ui.run_page.seed", { seed: other.seed })));
  const rates = sameSeed.map((other) => neighbour(to(other), t("ui.run_page.lr", { lr: digits(other.lr) })));
  return [
    h("div", { class: "section-head" }, h("h2", {}, title), csv),
    h("dl", { class: "facts" }, factEntries(facts(run, task))),
    neighbours("same_lr", seeds),
    neighbours("same_seed", rates),
  ];
}

/** @param {RunDetail["run"]} run @param {Experiment["task"]} task @returns {[string, string][]} */
function facts(run, task) {
  const loss = (/** @type {string} */ name) => digits(run.summaries[name]?.final);
  const diverged = run.diverged_at;
  return [
    [t("ui.runs.scenario"), scenarioText(run.scenario, task)],
    [t("ui.runs.parametrization"), t(`figure.arm.${run.parametrization}`)],
    [t("ui.runs.state"), t(`ui.run.${run.state}`)],
    ...(diverged === null ? ["train_loss", "val_loss"] : []).map(
      (name) => /** @type {[string, string]} */ ([t("ui.runs.final", { metric: t(`metric.${name}`) }), loss(name)]),
    ),
    ...(diverged === null ? [] : [/** @type {[string, string]} */ ([t("ui.runs.diverged_at"), number(diverged)])]),
  ];
}

/** @param {"same_lr" | "same_seed"} name @param {HTMLElement[]} links */
function neighbours(name, links) {
  if (!links.length) return null;
  const title = t(`ui.run_page.${name}`);
  return h("nav", { class: "neighbours", "aria-label": title }, h("span", {}, title), links);
}

/** @param {string} href @param {string} words */
const neighbour = (href, words) => h("a", { href, data: { page: "" } }, words);
