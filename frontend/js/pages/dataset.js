/** One dataset: what was found in it, and the plan for it. */

import { ApiError, get } from "../base/api.js";
import { breadcrumbs, dataCrumb, experimentCrumb, experimentsCrumb } from "../words/breadcrumbs.js";
import { dataTitle } from "../words/data_title.js";
import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { startOptions, valuesOfSetting } from "../base/options.js";
import { go, query, remember } from "../base/router.js";
import { note } from "../base/note.js";
import { privacy } from "../dataset/privacy.js";
import { profile } from "../dataset/profile.js";
import { originOf, ownOf } from "../plan/clone/clone_plan.js";
import { plan } from "../plan/plan.js";
import { valuesOf } from "../plan/plan_request.js";
import { BROUGHT } from "../plan/brought/brought_choice.js";
import { OWN, startingPoints } from "../plan/starting_points.js";

/** @import { BroughtModel, Dataset, Experiment } from "../../types/answers.js" */
/** @import { Page, PlanChoices, Route } from "../../types/page.js" */

const USUAL = "standard";

/** @param {Route} route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open({ id }, signal) {
  /** @type {[Dataset, BroughtModel[], void]} */
  const [dataset, models] = await Promise.all([readDataset(id, signal), get("/models", signal), startOptions(signal)]);
  const cloned = await experimentToClone(query("clone"), signal);
  const choices = { ...startingChoices(), ...(cloned.found ? cloneChoices(cloned.found) : {}) };
  startModels(choices, models);
  return {
    title: () => dataTitle(dataset),
    mount(root) {
      const visit = new AbortController();
      const both = AbortSignal.any([signal, visit.signal]);
      root.append(crumbs(dataset, cloned.found), head(dataset), ...(cloned.isMissing ? [missing()] : []));
      root.append(columns(dataset, choices, both));
      root.addEventListener("change", () => remember(chosen(choices)), { signal: visit.signal });
      return () => visit.abort();
    },
  };
}

/**
 * Read the dataset; who comes to clone an experiment is told what can be done without it.
 * @param {string} id @param {AbortSignal} signal @returns {Promise<Dataset>}
 */
async function readDataset(id, signal) {
  try {
    return await get(`/datasets/${id}`, signal);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404 || query("clone") === null) throw error;
    throw new ApiError(404, error.code, t("ui.clone.no_data"));
  }
}

/** What of the choices is not as usual, for the address. @param {PlanChoices} choices */
const chosen = ({ preset, start, clone }) => ({
  preset: clone || preset === USUAL ? null : preset,
  start: clone || start === startingPoints()[0] ? null : start,
});

/**
 * The experiment whose settings the address asks for; it may have been deleted.
 * @param {string | null} id @param {AbortSignal} signal
 * @returns {Promise<{found: Experiment | null, isMissing: boolean}>}
 */
async function experimentToClone(id, signal) {
  if (id === null) return { found: null, isMissing: false };
  try {
    return { found: await get(`/experiments/${encodeURIComponent(id)}`, signal), isMissing: false };
  } catch (error) {
    if (error instanceof ApiError && [404, 422].includes(error.status)) return { found: null, isMissing: true };
    throw error;
  }
}

const missing = () => h("div", { id: "clone-missing" }, note("warn", t("ui.clone.missing")));

/** @param {Experiment} experiment */
const cloneChoices = (experiment) => ({ start: OWN, own: ownOf(experiment.spec), clone: originOf(experiment) });

/** @returns {PlanChoices} */
function startingChoices() {
  const preset = among(valuesOfSetting("preset"), query("preset")) ?? USUAL;
  const start = among(startingPoints(), query("start")) ?? startingPoints()[0];
  const opened = new Set(start === OWN ? ["all"] : []);
  return { preset, start, own: { texts: {}, opened }, budget: {}, plan: null, presets: null };
}

/**
 * The operator's models, one of them chosen where the address names it.
 * @param {PlanChoices} choices changed in place @param {BroughtModel[]} models
 */
function startModels({ own, clone }, models) {
  own.models = models;
  const wanted = query("model");
  if (clone || !models.some(({ name, error }) => name === wanted && error === null)) return;
  own.texts["model.family"] = `${BROUGHT}:${wanted}`;
  own.values = valuesOf(own);
  for (const fold of ["all", "model"]) own.opened.add(fold);
}

/** @param {string[]} names @param {string | null} wanted */
const among = (names, wanted) => (wanted !== null && names.includes(wanted) ? wanted : null);

/** A clone comes from its original. @param {Dataset} dataset @param {Experiment | null} cloned */
function crumbs(dataset, cloned) {
  if (!cloned) return breadcrumbs([dataCrumb()], dataTitle(dataset));
  return breadcrumbs([experimentsCrumb(), experimentCrumb(cloned)], t("ui.action.clone"));
}

/** @param {Dataset} dataset */
const head = (dataset) =>
  h(
    "header",
    { class: "page-head" },
    h("p", { class: "kicker" }, t("ui.dataset.kicker")),
    h("h1", { class: "wrap" }, dataTitle(dataset)),
    privacy(),
  );

/** @param {Dataset} dataset @param {PlanChoices} choices @param {AbortSignal} signal */
function columns(dataset, choices, signal) {
  const title = t("ui.dataset.profile");
  const onVariant = (/** @type {Dataset} */ variant) => go(`/datasets/${variant.id}`);
  const onCreated = (/** @type {Experiment} */ experiment) => go(`/experiments/${experiment.id}`);
  return h(
    "div",
    { class: "columns" },
    h("section", { "aria-label": title }, h("h2", {}, title), profile(dataset, onVariant, signal)),
    plan(dataset, choices, onCreated, signal),
  );
}
