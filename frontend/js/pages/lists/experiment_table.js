/** Experiments as a table: which, how far or what they answered, when; each can be selected. */

import { dataTitle } from "../../words/data_title.js";
import { h } from "../../base/dom.js";
import { about, dateTime, duration, list, number, percent } from "../../base/format.js";
import { sayOf, t } from "../../base/i18n.js";
import { hrefOf } from "../../base/router.js";
import { headCells } from "../../base/tables.js";
import { stateChip } from "../../experiment/state_chip.js";
import { tagChips } from "../../labels/tag_chips.js";
import { outcomeChip } from "../../verdict/outcome_chip.js";

/** @import { ExperimentItem } from "../../../types/answers.js" */
/** @import { Selection } from "../../lists/selection.js" */
/** @import { WayToActions } from "../../lists/way_to_actions.js" */

/** @param {ExperimentItem[]} items @param {Selection} selection @param {WayToActions} way */
export function experimentTable(items, selection, way) {
  const all = h("input", { type: "checkbox", id: "select-all", "aria-label": t("ui.list.select_all") });
  const ids = items.map(({ id }) => id);
  all.checked = ids.length > 0 && ids.every((id) => selection.has(id));
  all.addEventListener("change", () => selection.set(ids, all.checked));
  const heads = ["name", "answer", "time", "created"].map((name) => t(`ui.list.head.${name}`));
  return h(
    "table",
    { class: "list-table experiments-table" },
    h("caption", { class: "visually-hidden" }, t("ui.list.experiments")),
    h("thead", {}, h("tr", {}, h("td", { class: "list-select" }, all), headCells(heads))),
    h(
      "tbody",
      {},
      items.map((item) => row(item, selection, way)),
    ),
  );
}

/** @param {ExperimentItem} item @param {Selection} selection @param {WayToActions} way */
function row(item, selection, way) {
  const { id, name, created_at: created } = item;
  const box = h("input", {
    type: "checkbox",
    data: { select: id },
    "aria-label": t("ui.list.select", { name }),
  });
  box.checked = selection.has(id);
  box.addEventListener("change", () => selection.set([id], box.checked));
  return h(
    "tr",
    { data: { id } },
    h("td", { class: "list-select" }, box, box.checked ? way.button(selection.size) : null),
    h(
      "th",
      { scope: "row", class: "list-what" },
      title(item),
      facts(item),
      item.tags.length ? tagChips(item.tags) : null,
    ),
    h("td", { class: "list-mark" }, answer(item)),
    h("td", { class: "number list-time" }, time(item)),
    h("td", { class: "number list-created" }, h("time", { datetime: created }, dateTime(created))),
  );
}

/** @param {ExperimentItem} item */
function title({ id, name, notes }) {
  const link = h("a", { href: hrefOf(`/experiments/${id}`), data: { page: "" }, class: "wrap" }, name);
  return [link, notes ? h("p", { class: "hint list-notes" }, notes) : null];
}

/** The data, how thorough, and the sizes tested and meant. @param {ExperimentItem} item */
const facts = (item) => sayOf(item.are_ranks, () => factsOf(item));

/** @param {ExperimentItem} item */
function factsOf({ dataset, preset, widths, target_width: target, num_runs: runs }) {
  const tested = list([...widths].sort((a, b) => a - b));
  const parts = [
    dataTitle(dataset),
    preset ? t(`ui.preset.${preset}`) : t("ui.list.own_plan"),
    target ? t("ui.list.to_target", { tested, target }) : t("ui.list.tested", { tested }),
    t("ui.list.runs", { count: number(runs) }),
  ];
  return h("p", { class: "hint wrap" }, parts.join(t("ui.list.separator")));
}

/** One mark: the answer where there is one, else the state; and how far it is. @param {ExperimentItem} item */
function answer({ state, outcome, share_done: share, is_cancelling: isCancelling, ...item }) {
  const old = item.is_judged_by_old_rules ? h("span", { class: "chip" }, t("ui.verdict.mark.old_rules")) : null;
  if (outcome) return [outcomeChip(outcome), old, state === "completed" ? null : stateChip(state)];
  if (isCancelling && state === "running") return h("span", { class: "chip" }, t("ui.list.cancelling"));
  const bar = share === null ? null : h("progress", { max: 1, value: share, "aria-label": t("ui.list.share") });
  return [stateChip(state), share === null ? null : h("span", { class: "number list-share" }, percent(share)), bar];
}

/** What it took; before its end, what was expected. @param {ExperimentItem} item */
function time({ seconds, state, predicted_seconds: predicted }) {
  if (seconds !== null) return duration(seconds);
  return ["queued", "running"].includes(state) ? about(predicted) : "–";
}
