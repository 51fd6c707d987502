/** Files as a table: what each holds, what uses it, how much room it takes, when it came. */

import { h } from "../../base/dom.js";
import { bytes, dateTime, number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { hrefOf } from "../../base/router.js";
import { headCells } from "../../base/tables.js";
import { dataTitle } from "../../words/data_title.js";

/** @import { DatasetItem } from "../../../types/answers.js" */

const HEADS = ["name", "uses", "size", "created"];

/** @param {DatasetItem[]} items @param {(item: DatasetItem) => unknown} onDelete */
export function fileTable(items, onDelete) {
  return h(
    "table",
    { class: "list-table files-table" },
    h("caption", { class: "visually-hidden" }, t("ui.files.title")),
    h("thead", {}, h("tr", {}, headCells(HEADS.map((name) => t(`ui.files.head.${name}`))), deleteHead())),
    h(
      "tbody",
      {},
      items.map((item) => row(item, onDelete)),
    ),
  );
}

const deleteHead = () => h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, t("ui.action.delete")));

/** @param {DatasetItem} item @param {(item: DatasetItem) => unknown} onDelete */
function row(item, onDelete) {
  const { id, created_at: created, source_bytes: source, arrays_bytes: arrays } = item;
  return h(
    "tr",
    { data: { id } },
    h("th", { scope: "row", class: "list-what" }, title(item), facts(item), marks(item)),
    h("td", { class: "files-uses" }, uses(item)),
    h("td", { class: "number list-size" }, bytes(source + arrays)),
    h("td", { class: "number list-created" }, h("time", { datetime: created }, dateTime(created))),
    h("td", { class: "list-delete" }, deleteButton(item, onDelete)),
  );
}

/** @param {DatasetItem} item */
const title = (item) =>
  h("a", { href: hrefOf(`/datasets/${item.id}`), data: { page: "" }, class: "wrap" }, dataTitle(item));

/** @param {DatasetItem} item */
const facts = (item) => h("p", { class: "hint wrap" }, factsOf(item).join(t("ui.list.separator")));

/** Kind and size in words of the kind. @param {DatasetItem} item */
export function factsOf({ kind, num_rows: rows, num_columns: columns, shape }) {
  const parts = [t(`ui.files.kind.${kind}`), t(`ui.files.rows.${kind}`, { count: number(rows) })];
  if (columns !== null) parts.push(t("ui.files.columns", { count: number(columns) }));
  if (shape.image) parts.push(t("ui.files.pixels", { width: shape.image.width, height: shape.image.height }));
  return parts;
}

/** @param {DatasetItem} item */
function marks({ example, has_recipe: hasRecipe }) {
  const names = [...(example ? ["ui.storage.example"] : []), ...(hasRecipe ? ["ui.files.by_answers"] : [])];
  return names.length
    ? h(
        "p",
        { class: "files-marks" },
        names.map((name) => h("span", { class: "chip" }, t(name))),
      )
    : null;
}

/** A link to the experiments on the file. @param {DatasetItem} item */
function uses({ id, num_open_experiments: open, num_ended_experiments: ended }) {
  if (open + ended === 0) return h("span", { class: "hint" }, t("ui.files.unused"));
  const words = t("ui.files.uses", { count: number(open + ended) });
  const link = h("a", { href: hrefOf(`/experiments?dataset=${id}`), data: { page: "" } }, words);
  return [link, open ? h("p", { class: "hint" }, t("ui.files.uses_open", { count: number(open) })) : null];
}

/** @param {DatasetItem} item @param {(item: DatasetItem) => unknown} onDelete */
function deleteButton(item, onDelete) {
  const name = dataTitle(item);
  return h(
    "button",
    {
      type: "button",
      class: "button button-quiet",
      "aria-label": t("ui.storage.delete", { name }),
      data: { delete: name },
      on: { click: () => onDelete(item) },
    },
    t("ui.action.delete"),
  );
}
