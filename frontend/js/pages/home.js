/** Where everything begins: the promise, a place for a file, examples, what was done before. */

import { get, post } from "../base/api.js";
import { fill, h, icon } from "../base/dom.js";
import { number } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { ICONS } from "../base/icons.js";
import { errorNote } from "../base/note.js";
import { go, hrefOf } from "../base/router.js";
import { withTerms } from "../words/terms.js";
import { privacy } from "../dataset/privacy.js";
import { finishedExample } from "../tour/finished_example.js";
import { readStored, storage } from "../upload/storage.js";
import { upload } from "../upload/upload.js";
import { experimentList } from "./experiment_list.js";

/** @import { Dataset, Example, ExperimentPage } from "../../types/answers.js" */
/** @import { Page, Route } from "../../types/page.js" */

/** The latest; all of them have a page of their own. */
const EXPERIMENTS = "/experiments?limit=10";

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  /** @type {[Example[], ExperimentPage]} */
  const [examples, experiments] = await Promise.all([get("/examples", signal), get(EXPERIMENTS, signal)]);
  const stored = readStored(signal);
  const toDataset = (/** @type {Dataset} */ dataset) => go(`/datasets/${dataset.id}`);
  return {
    title: () => t("ui.home.title"),
    mount(root) {
      const cards = examples.map((item) => exampleCard(item, toDataset, signal));
      root.append(
        h("section", { class: "hero" }, words(), upload(toDataset, signal)),
        h(
          "section",
          {},
          h("h2", {}, t("ui.home.examples")),
          finishedExample(signal),
          h("div", { class: "cards" }, cards),
        ),
        h("section", {}, h("h2", {}, t("ui.home.experiments")), earlier(experiments, signal)),
        storage(stored, signal),
      );
      return () => {};
    },
  };
}

/** What is promised, in three steps. */
function words() {
  const steps = ["upload", "run", "answer"].map((name) => t(`ui.home.step.${name}`));
  return h(
    "div",
    { class: "hero-words" },
    h("h1", {}, t("ui.home.promise")),
    h("p", { class: "lead" }, withTerms(t("ui.home.lead"))),
    h(
      "ol",
      { class: "steps" },
      steps.map((step) => h("li", {}, step)),
    ),
    privacy(),
  );
}

/**
 * The list of experiments, read again when one was judged again.
 * @param {ExperimentPage} found @param {AbortSignal} signal
 */
function earlier(found, signal) {
  const list = h("div", { class: "stack" });
  const draw = (/** @type {ExperimentPage} */ { items, total }) =>
    fill(list, experimentList(items, readAgain), total > items.length ? allExperiments(total) : null);
  const readAgain = async () => draw(await get(EXPERIMENTS, signal));
  draw(found);
  return list;
}

/** @param {number} total */
const allExperiments = (total) =>
  h(
    "p",
    {},
    h(
      "a",
      { href: hrefOf("/experiments"), data: { page: "" } },
      t("ui.home.all_experiments", { count: number(total) }),
    ),
  );

/** @param {Example} item @param {(dataset: Dataset) => void} onStored @param {AbortSignal} signal */
function exampleCard(item, onStored, signal) {
  const problem = h("div", {});
  const button = h(
    "button",
    { type: "button", class: "card card-button" },
    h("span", { class: "card-title" }, exampleText(item, "title")),
    h("span", { class: "card-text" }, exampleText(item, "description")),
    h("span", { class: "card-more" }, t("ui.home.use_example"), icon(ICONS.arrow)),
  );
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      onStored(await post(`/examples/${item.name}/dataset`, undefined, { signal }));
    } catch (error) {
      if (!signal.aborted) fill(problem, errorNote(error));
    } finally {
      button.disabled = false;
    }
  });
  return h("div", {}, button, problem);
}

/** @param {Example} item @param {"title" | "description"} part */
function exampleText(item, part) {
  const key = `example.${item.name}.${part}`;
  return has(key) ? t(key) : item[part];
}
