/** Everything an experiment was asked with, in words; what differs from the proposal; and what it ran on. */

import { post } from "../../base/api.js";
import { fill, h } from "../../base/dom.js";
import { has, t } from "../../base/i18n.js";
import { note } from "../../base/note.js";
import { hrefOf } from "../../base/router.js";
import { factEntries } from "../../base/tables.js";
import { cloneLink } from "../../experiment/clone_link.js";
import { differenceTable } from "../../plan/spec/difference_table.js";
import { groupTitle } from "../../plan/spec/spec_lines.js";
import { specWords } from "../../plan/spec/spec_words.js";

/** @import { Cell, Experiment, Plan, Spec } from "../../../types/answers.js" */
/** @import { Child, ExperimentStore } from "../../../types/page.js" */
/** @import { Said } from "../../plan/spec/spec_words.js" */
/** @import { News } from "./keep_current.js" */
/** @import { Shared } from "./view.js" */

export class SettingsTab {
  #spec = h("div", { class: "stack spec" });
  #facts = h("dl", { class: "pairs" });

  /** @param {Shared} shared */
  constructor({ store, signal }) {
    this.store = store;
    this.signal = signal;
    const title = t("ui.spec.ran_on");
    const ran = h("section", { class: "panel stack", "aria-label": title }, h("h2", {}, title), this.#facts);
    this.element = h("div", { class: "tab-parts" }, this.#spec, ran, definition(store.experiment));
    this.#drawSpec(null, h("p", { class: "hint", role: "status" }, t("ui.spec.comparing")));
    this.#compare();
  }

  /** @param {News} news */
  draw(news) {
    if (news !== "progress") fill(this.#facts, factEntries(facts(this.store)));
  }

  /** Ask what would be proposed for the same data; it may have been deleted. */
  async #compare() {
    const { dataset_id, preset } = this.store.experiment;
    try {
      /** @type {Plan} */
      const { spec } = await post("/experiments/preview", preset ? { dataset_id, preset } : { dataset_id }, {
        signal: this.signal,
      });
      this.#drawSpec(spec, null);
    } catch {
      if (!this.signal.aborted) this.#drawSpec(null, note("info", t("ui.spec.no_proposal")));
    }
  }

  /** @param {Spec | null} proposal @param {HTMLElement | null} words why there is none */
  #drawSpec(proposal, words) {
    const { spec, task } = this.store.experiment;
    const groups = specWords(spec, proposal, task);
    const changed = groups.flatMap(({ lines }) => lines).filter(({ usual }) => usual !== null);
    fill(
      this.#spec,
      h("div", { class: "row" }, h("h2", {}, t("ui.spec.title")), cloneLink(this.store.experiment)),
      words ?? difference(changed),
      groups.map(({ name, lines }) => (lines.length ? group(name, lines) : null)),
    );
  }
}

/** What was set otherwise, at one glance. @param {Said[]} changed */
function difference(changed) {
  if (!changed.length) return h("p", {}, t("ui.spec.as_proposed"));
  const lines = changed.map(({ name, value, usual }) => ({ name, values: [value, String(usual)] }));
  const title = t("ui.spec.differs");
  const names = ["here", "proposed"].map((head) => t(`ui.spec.head.${head}`));
  const table = differenceTable(title, names, lines);
  return h("section", { class: "panel stack", id: "differs" }, h("h3", {}, title), table);
}

/** @param {string} name @param {Said[]} lines */
function group(name, lines) {
  const title = groupTitle(name);
  const mark = h("span", { class: "chip" }, t("ui.spec.changed"));
  const entries = lines.map(
    ({ name: said, value, usual }) =>
      /** @type {const} */ ([said, usual === null ? value : [value, " ", mark.cloneNode(true)]]),
  );
  return h("section", { class: "panel stack" }, h("h3", {}, title), h("dl", { class: "pairs" }, factEntries(entries)));
}

/** @param {ExperimentStore} store @returns {[string, Child][]} */
function facts({ experiment, cells }) {
  const { dataset_id, spec, spec_sha256: sha256, rule_version: rules } = experiment;
  const data = h("a", { href: hrefOf(`/datasets/${dataset_id}`), data: { page: "" } }, t("ui.spec.dataset_link"));
  return [
    [t("ui.spec.dataset"), data],
    [t("ui.spec.dataset_sha256"), code(spec.dataset_sha256)],
    [t("ui.spec.sha256"), code(sha256)],
    [t("ui.spec.rules"), rules ?? "–"],
    ...environments(cells),
  ];
}

/** Where the cells ran: every value that was seen, by its name. @param {Cell[]} cells @returns {[string, string][]} */
function environments(cells) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  for (const { environment } of cells) {
    for (const [name, value] of Object.entries(environment ?? {})) {
      found.set(name, (found.get(name) ?? new Set()).add(String(value)));
    }
  }
  return [...found].map(([name, values]) => [environmentName(name), [...values].join(", ")]);
}

/** The words for a part of the environment; one that a newer worker names has none yet. @param {string} name */
const environmentName = (name) => (has(`ui.environment.${name}`) ? t(`ui.environment.${name}`) : name);

/** @param {string} text */
const code = (text) => h("code", { class: "wrap" }, text);

/** The definition as the REST interface has it, to copy. @param {Experiment} experiment */
function definition({ spec }) {
  const text = JSON.stringify(spec, null, 2);
  const done = h("span", { class: "hint", role: "status" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      fill(done, t("ui.spec.copied"));
    } catch {
      fill(done, t("ui.spec.copy_by_hand")); // not over plain HTTP from another machine
    }
  };
  const button = h("button", { type: "button", class: "button", on: { click: copy } }, t("ui.spec.copy"));
  return h(
    "details",
    { class: "fold", id: "definition" },
    h("summary", {}, t("ui.spec.definition")),
    h("div", { class: "row" }, button, done),
    h("pre", { class: "scroll", tabindex: 0 }, text),
  );
}
