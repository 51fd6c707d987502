/** What can be done with several experiments at once: compare them, tag them, delete them. */

import { post } from "../../base/api.js";
import { h } from "../../base/dom.js";
import { number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { options } from "../../base/options.js";
import { go } from "../../base/router.js";
import { plainList } from "../../base/tables.js";
import { tagsOf } from "../../labels/tags.js";
import { confirmed } from "../../focus/confirm.js";

/** @import { ExperimentItem } from "../../../types/answers.js" */

const MOST_NAMED = 8;

/**
 * @param {ExperimentItem[]} chosen @param {() => void} onDone @param {() => void} onClear
 * @param {AbortSignal} signal of the page
 * @param {string | null} [fixed] id of the experiment that the others are compared with
 */
export function bulkBar(chosen, onDone, onClear, signal, fixed = null) {
  const button = (/** @type {string} */ name, /** @type {() => unknown} */ click) =>
    h("button", { type: "button", class: "button", data: { bulk: name }, on: { click } }, t(`ui.bulk.${name}`));
  const after = async (/** @type {Promise<boolean>} */ asked) => (await asked) && onDone();
  return h(
    "div",
    { class: "bulk", role: "group", "aria-label": t("ui.bulk.title") },
    h("p", {}, t("ui.bulk.selected", { count: number(chosen.length) })),
    compareButton(chosen, fixed),
    button("tag", () => after(tag(chosen, signal))),
    button("delete", () => after(remove(chosen, signal))),
    button("clear", onClear),
    h("span", { class: "hint bulk-back" }, t("ui.bulk.back")),
  );
}

/**
 * Leads to the comparison, if there are neither too few nor too many for it.
 * @param {ExperimentItem[]} chosen @param {string | null} fixed
 */
function compareButton(chosen, fixed) {
  if (!options()) return null; // drawn again once they are there
  const { fewest_compared: fewest, most_compared: most } = options();
  const ids = [...new Set([...(fixed ? [fixed] : []), ...idsOf(chosen)])];
  const isPossible = ids.length >= fewest && ids.length <= most;
  const hint = h("span", { class: "hint", id: "compare-hint" }, t("ui.bulk.compare_count", { fewest, most }));
  const click = () => go(`/compare?ids=${ids.join(",")}`);
  const attributes = {
    type: "button",
    class: "button",
    data: { bulk: "compare" },
    disabled: !isPossible,
    on: { click },
  };
  const button = h("button", { ...attributes, "aria-describedby": isPossible ? null : hint.id }, t("ui.bulk.compare"));
  return isPossible ? button : [button, hint];
}

/** @param {ExperimentItem[]} chosen @param {AbortSignal} signal */
function tag(chosen, signal) {
  const field = (/** @type {string} */ name) =>
    h("input", { type: "text", id: `bulk-${name}`, autocomplete: "off", "aria-describedby": "bulk-hint" });
  const [add, drop] = ["add", "remove"].map(field);
  const control = (/** @type {HTMLInputElement} */ input, /** @type {string} */ label) =>
    h("div", { class: "control" }, h("label", { for: input.id }, label), input);
  const words = [
    control(add, t("ui.bulk.add_tags")),
    control(drop, t("ui.bulk.remove_tags")),
    h("p", { class: "hint", id: "bulk-hint" }, t("ui.labels.tags_hint")),
  ];
  const body = () => ({ ids: idsOf(chosen), add: tagsOf(add.value), remove: tagsOf(drop.value) });
  const title = t("ui.bulk.tag_title", { count: number(chosen.length) });
  const question = { title, words, action: t("ui.bulk.tag_do"), isHarmless: true };
  return confirmed(question, async () => void (await post("/experiments/taggings", body())), signal);
}

/**
 * Those that go on are named and left out; they can be cancelled from here.
 * @param {ExperimentItem[]} chosen @param {AbortSignal} signal
 */
function remove(chosen, signal) {
  const open = chosen.filter(({ state }) => ["queued", "running"].includes(state));
  const ended = chosen.filter((item) => !open.includes(item));
  if (!ended.length) return cancel(open, signal);
  const runs = ended.reduce((sum, item) => sum + item.num_runs, 0);
  const words = [
    h("p", {}, t("ui.bulk.lost", { count: number(ended.length), runs: number(runs) })),
    named(ended),
    open.length ? [h("p", {}, t("ui.bulk.left_out", { count: number(open.length) })), named(open)] : null,
  ];
  const title = t("ui.bulk.delete_title", { count: number(ended.length) });
  const act = async () => void (await post("/experiments/deletions", { ids: idsOf(ended) }));
  return confirmed({ title, words, action: t("ui.bulk.delete_do", { count: number(ended.length) }) }, act, signal);
}

/**
 * Nothing of it has ended: to delete it, it must stop first.
 * @param {ExperimentItem[]} open @param {AbortSignal} signal
 */
function cancel(open, signal) {
  const words = [h("p", {}, t("ui.bulk.cancel_why")), named(open)];
  const act = async () => {
    for (const { id } of open) await post(`/experiments/${id}/cancellation`);
  };
  const title = t("ui.bulk.cancel_title", { count: number(open.length) });
  return confirmed({ title, words, action: t("ui.bulk.cancel_do") }, act, signal);
}

/** @param {ExperimentItem[]} items */
const idsOf = (items) => items.map(({ id }) => id);

/** @param {ExperimentItem[]} items */
function named(items) {
  const more = items.length - MOST_NAMED;
  const names = items.slice(0, MOST_NAMED).map(({ name }) => name);
  return plainList(more > 0 ? [...names, t("ui.bulk.more", { count: number(more) })] : names, "confirm-names");
}
