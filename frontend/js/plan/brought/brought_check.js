/** The check of a brought model's parametrization: the answer, what is wrong in words, and every tensor. */

import { h } from "../../base/dom.js";
import { octaves } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { headCells, numberCell, plainList, scrollTable } from "../../base/tables.js";

/** @import { BroughtModel } from "../../../types/answers.js" */
/** @typedef {NonNullable<BroughtModel["check"]>} Check */
/** @typedef {Check["tensors"][number]} CheckedTensor */

/**
 * Nothing as long as no worker has answered; the reason where a check could not end.
 * @param {BroughtModel} model
 */
export function checkOf({ name, check, check_error: error }) {
  if (error !== null) return h("p", { class: "hint" }, t("ui.brought.unchecked", { reason: error }));
  if (check === null) return null;
  const findings = check.findings.map((finding) => [
    h("strong", {}, t(`brought.severity.${finding.severity}`)),
    " ",
    finding.text,
  ]);
  const heads = ["tensor", "role", "init", "lr"].map((column) => t(`brought.column.${column}`));
  const table = scrollTable(
    t("ui.brought.check", { name }),
    headCells([...heads, t("ui.brought.answer")]),
    check.tensors.map(tensorRow),
    { caption: t("ui.brought.powers") },
  );
  const open = check.outcome !== "passed";
  return h("details", { open }, h("summary", {}, check.text), findings.length ? plainList(findings) : null, table);
}

/** @param {CheckedTensor} tensor */
function tensorRow(tensor) {
  const answer = t(tensor.is_right ? "ui.brought.right" : "ui.brought.wrong");
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("code", {}, tensor.name)),
    h("td", {}, tensor.role_text),
    numberCell(powerWords(tensor.init)),
    numberCell(powerWords(tensor.lr)),
    h("td", {}, tensor.is_right ? answer : h("strong", {}, answer)),
  );
}

/**
 * A measured power with half its band, and in brackets the one that is needed.
 * @param {CheckedTensor["init"]} power
 */
export function powerWords({ measured, high, expected }) {
  const needed = octaves(expected);
  if (measured === null) return t("ui.brought.power_unknown", { needed });
  const half = octaves(high === null ? null : high - measured);
  return t("ui.brought.power", { measured: octaves(measured), half, needed });
}
