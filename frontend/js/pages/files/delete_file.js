/** The question before a file is deleted: what uses it, what is lost with it, or why it must stay for now. */

import { get, remove } from "../../base/api.js";
import { h } from "../../base/dom.js";
import { bytes, number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { plainList } from "../../base/tables.js";
import { confirmed } from "../../focus/confirm.js";
import { dataTitle } from "../../words/data_title.js";

/** @import { DatasetItem, ExperimentItem, ExperimentPage } from "../../../types/answers.js" */
/** @import { Child } from "../../../types/page.js" */

const MOST_NAMED = 8;
const OPEN = ["running", "queued"];

/** @param {DatasetItem} item @param {AbortSignal} signal of the page @returns {Promise<boolean>} whether it is gone */
export async function deleteFile(item, signal) {
  const name = dataTitle(item);
  const [going, all] = await Promise.all([experimentsOn(item, OPEN, signal), experimentsOn(item, [], signal)]);
  if (going.total > 0) {
    const title = t("ui.files.keep_title", { name });
    return confirmed({ title, words: inUse(going), action: null }, async () => {}, signal);
  }
  const count = number(all.total);
  const action = all.total ? t("ui.files.delete_all_do", { count }) : t("ui.files.delete_do");
  const question = { title: t("ui.files.delete_title", { name }), words: lost(item, all), action };
  return confirmed(question, () => remove(`/datasets/${item.id}?experiments=${all.total > 0}`), signal);
}

/**
 * The experiments on a file, as they are now.
 * @param {DatasetItem} item @param {string[]} states none for all @param {AbortSignal} signal
 * @returns {Promise<ExperimentPage>}
 */
function experimentsOn({ id }, states, signal) {
  const query = new URLSearchParams({ dataset: id, limit: String(MOST_NAMED) });
  states.forEach((state) => query.append("state", state));
  return get(`/experiments?${query}`, signal);
}

/** @param {ExperimentPage} going @returns {Child} */
const inUse = (going) => [
  h("p", {}, t("ui.files.keep_why", { count: number(going.total) })),
  named(going.items, going.total),
  h("p", {}, t("ui.files.keep_how")),
];

/** @param {DatasetItem} item @param {ExperimentPage} all @returns {Child} */
export function lost(item, { items, total }) {
  const size = bytes(item.source_bytes + item.arrays_bytes);
  return [
    h("p", {}, t(item.example ? "ui.files.lost_example" : "ui.files.lost", { size })),
    total ? [h("p", {}, t("ui.files.lost_experiments", { count: number(total) })), named(items, total)] : null,
    item.has_recipe ? h("p", {}, t("ui.files.lost_recipe")) : null,
  ];
}

/** @param {ExperimentItem[]} items @param {number} total */
function named(items, total) {
  const more = total - items.length;
  const names = items.map(({ name }) => name);
  return plainList(more > 0 ? [...names, t("ui.bulk.more", { count: number(more) })] : names, "confirm-names");
}
