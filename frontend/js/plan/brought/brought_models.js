/** Models that the operator has put on the workers, in the form: which can be chosen, their sizes and their data. */

import { post } from "../../base/api.js";
import { fill, h } from "../../base/dom.js";
import { number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { errorNote } from "../../base/note.js";
import { go } from "../../base/router.js";
import { contextOf, numbers } from "../plan_request.js";
import { checkOf } from "./brought_check.js";
import { ADAPTED, BROUGHT, networkOf } from "./brought_choice.js";

/** @import { BroughtModel, Dataset, Spec } from "../../../types/answers.js" */
/** @import { OwnSettings, SettingTexts } from "../../../types/page.js" */

/** The settings whose values are the sizes that the workers have looked at. */
const SIZES = /** @type {const} */ (["widths", "depths"]);

/**
 * Choices of a family: the built-in ones, then the models that can be trained, then those that adapters can be put on.
 * @param {string[]} families @param {BroughtModel[]} models
 */
export function familyChoices(families, models) {
  const trained = models.filter((model) => model.error === null);
  const adapted = trained.filter((model) => model.adaptable.some(({ layers }) => layers.length));
  const whole = trained.map(({ name }) => `${BROUGHT}:${name}`);
  return [...families, ...new Set([...whole, ...adapted.map(({ name }) => `${ADAPTED}:${name}`)])];
}

/**
 * The model that was chosen or is proposed, if it is a brought one.
 * @param {BroughtModel[]} models @param {SettingTexts} texts @param {Spec} [spec]
 */
export function chosenModel(models, texts, spec) {
  const { family } = contextOf(texts, spec);
  if (family !== BROUGHT) return undefined;
  const name = networkOf(texts["model.family"] ?? "") ?? (spec && "network" in spec.model ? spec.model.network : null);
  return models.find((model) => model.name === name && model.error === null);
}

/**
 * The list of sizes as written after one of them was switched on or off, in rising order.
 * @param {string} text as written; empty stands for `proposed` @param {number[]} proposed
 * @param {number} size @param {boolean} isOn
 */
export function withSize(text, proposed, size, isOn) {
  const others = (numbers(text) ?? proposed).filter((each) => each !== size);
  const sizes = isOn ? [...others, size] : others;
  return sizes.sort((a, b) => Number(a) - Number(b)).join(", ");
}

/**
 * Sizes of the chosen model to pick from.
 * @param {OwnSettings} own its texts are changed in place @param {(name: string) => void} onChange told the setting
 */
export function sizeChoices(own, onChange) {
  const element = h("div", { class: "fields" });
  const update = (/** @type {Spec | undefined} */ spec) => {
    const model = chosenModel(own.models ?? [], own.texts, spec);
    element.hidden = !model;
    fill(element, model ? SIZES.map((name) => sizesOf(name, model[name], own.texts, spec, onChange)) : null);
  };
  return { element, update };
}

/**
 * @param {(typeof SIZES)[number]} name @param {number[]} known
 * @param {SettingTexts} texts @param {Spec | undefined} spec
 * @param {(name: string) => void} onChange
 */
function sizesOf(name, known, texts, spec, onChange) {
  const proposed = spec?.[name] ?? [];
  const chosen = numbers(texts[name] ?? "") ?? proposed;
  const boxes = known.map((size) => {
    const box = h("input", { type: "checkbox", id: `brought-${name}-${size}`, checked: chosen.includes(size) });
    box.addEventListener("change", () => {
      texts[name] = withSize(texts[name] ?? "", proposed, size, box.checked);
      onChange(name);
    });
    return h("label", { for: box.id }, box, " ", number(size));
  });
  return h("fieldset", { class: "field" }, h("legend", {}, t(`ui.brought.${name}`)), boxes);
}

/**
 * Every model with its sizes and its own data at one click, or the reason why it cannot be trained.
 * @param {BroughtModel[]} models
 */
export function modelList(models) {
  if (!models.length) return null;
  const title = h("h3", {}, t("ui.brought.title"));
  return h("section", { id: "brought-models" }, title, h("ul", {}, models.map(modelItem)));
}

/** @param {BroughtModel} model */
function modelItem(model) {
  const { name, error, own_data: data } = model;
  if (error !== null) return h("li", {}, h("strong", {}, name), " ", t("ui.brought.cannot", { reason: error }));
  const problem = h("div", {});
  const words = t("ui.brought.sizes", { widths: model.widths.join(", "), depths: model.depths.join(", ") });
  const button = data ? ownData(name, problem) : null;
  const rule = model.rule_text ? h("p", { class: "hint" }, model.rule_text) : null;
  return h("li", {}, h("strong", {}, name), " ", words, " ", button, problem, rule, checkOf(model));
}

/** @param {string} name @param {HTMLElement} problem where it is said what went wrong */
function ownData(name, problem) {
  const attributes = { type: "button", class: "button", data: { model: name } };
  const button = h("button", attributes, t("ui.brought.own_data"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      /** @type {Dataset} */
      const dataset = await post(`/models/${encodeURIComponent(name)}/dataset`);
      go(`/datasets/${dataset.id}?model=${encodeURIComponent(name)}`);
    } catch (error) {
      fill(problem, errorNote(error));
      button.disabled = false;
    }
  });
  return button;
}
