/** How files are read without being asked again: the answers that are kept, and a way to forget them. */

import { remove } from "../../base/api.js";
import { h } from "../../base/dom.js";
import { dateTime, number } from "../../base/format.js";
import { has, language, t } from "../../base/i18n.js";
import { hrefOf } from "../../base/router.js";
import { plainList } from "../../base/tables.js";
import { nameOf, valueText } from "../../dataset/decision_text.js";
import { confirmed } from "../../focus/confirm.js";
import { dataTitle } from "../../words/data_title.js";

/** @import { Recipe } from "../../../types/answers.js" */

const MOST_NAMED = 8;

/** @param {Recipe[]} found @param {() => unknown} onForgotten @param {AbortSignal} signal */
export function recipes(found, onForgotten, signal) {
  return h(
    "section",
    { class: "stack", id: "recipes" },
    h("h2", {}, t("ui.recipes.title")),
    h("p", { class: "hint" }, t("ui.recipes.words")),
    found.length
      ? h(
          "ul",
          { class: "list" },
          found.map((recipe) => entry(recipe, onForgotten, signal)),
        )
      : h("p", { class: "empty" }, t("ui.recipes.none")),
  );
}

/** @param {Recipe} recipe @param {() => unknown} onForgotten @param {AbortSignal} signal */
function entry(recipe, onForgotten, signal) {
  const { id, dataset, created_at: created } = recipe;
  const link = h(
    "a",
    { href: hrefOf(`/datasets/${dataset.id}`), data: { page: "" }, class: "wrap" },
    dataTitle(dataset),
  );
  return h(
    "li",
    { class: "recipe", data: { id } },
    h("p", {}, t("ui.recipes.columns", { columns: columnsText(recipe) })),
    plainList(answersText(recipe.answers)),
    h("p", { class: "hint" }, t("ui.recipes.from"), " ", link, t("ui.list.separator"), dateTime(created)),
    forgetButton(recipe, onForgotten, signal),
  );
}

/** @param {Recipe} recipe @param {() => unknown} onForgotten @param {AbortSignal} signal */
function forgetButton(recipe, onForgotten, signal) {
  const columns = columnsText(recipe);
  const question = {
    title: t("ui.recipes.forget_title"),
    words: [h("p", {}, t("ui.recipes.forget_lost", { columns })), plainList(answersText(recipe.answers))],
    action: t("ui.recipes.forget"),
  };
  const click = async () => {
    const isDone = await confirmed(question, () => remove(`/recipes/${recipe.id}`), signal);
    if (isDone) onForgotten();
  };
  const label = t("ui.recipes.forget_label", { columns });
  return h(
    "button",
    { type: "button", class: "button button-quiet", "aria-label": label, data: { forget: recipe.id }, on: { click } },
    t("ui.recipes.forget"),
  );
}

/** The first names of the columns, and how many more there are. @param {Recipe} recipe */
export function columnsText({ columns, num_columns: count }) {
  const more = count - columns.length;
  const names = columns.join(language() === "ja" ? "、" : ", ");
  return more > 0 ? t("ui.recipes.more_columns", { names, count: number(more) }) : names;
}

/** Each answer in words. @param {Record<string, unknown>} answers */
export function answersText(answers) {
  return Object.entries(answers).flatMap(([option, value]) => {
    if (option === "columns") return usesText(/** @type {Record<string, string>} */ (value));
    const values = Array.isArray(value) ? value : [value];
    // The name says already what the cells of this option mean.
    const words = values.map((each) => (option === "missing" ? String(each) : valueText(option, String(each))));
    return [t("ui.recipes.answer", { name: nameOf(option), value: words.join(", ") })];
  });
}

/** What columns are used for. @param {Record<string, string>} uses */
function usesText(uses) {
  const named = Object.entries(uses).map(([column, use]) => {
    const value = has(`ui.use.${use}`) ? t(`ui.use.${use}`) : use;
    return t("ui.recipes.answer", { name: t("ui.recipes.column", { column }), value });
  });
  const more = named.length - MOST_NAMED;
  return more > 0 ? [...named.slice(0, MOST_NAMED), t("ui.bulk.more", { count: number(more) })] : named;
}
