/** What an ended experiment has to say beyond its verdict: cancelled, failed in part or as a whole, diverged. */

import { h } from "../base/dom.js";
import { number } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { note } from "../base/note.js";
import { plainList } from "../base/tables.js";

/** @import { Cell } from "../../types/answers.js" */
/** @import { ExperimentStore } from "../../types/page.js" */

/** @param {ExperimentStore} store @returns {(HTMLElement | null)[]} */
export function experimentNotes({ experiment, cells, connection }) {
  const failed = cells.filter((cell) => cell.state === "failed");
  const isOpen = ["queued", "running"].includes(experiment.state);
  return [
    experiment.state === "cancelled" ? note("info", t("ui.ended.cancelled")) : null,
    experiment.state === "failed" ? note("bad", t("ui.ended.failed")) : null,
    !isOpen && failed.length ? failures(failed) : null,
    !isOpen && connection === "lost" ? note("warn", t("ui.connection.lost")) : null,
  ];
}

/** @param {Cell[]} cells */
function failures(cells) {
  const title = h("span", {}, t("ui.ended.cells_failed", { count: number(cells.length) }));
  return note("warn", [title, plainList(cells.map(failure))]);
}

/** @param {Cell} cell */
function failure({ parametrization, width, error_class: errorClass, error_detail: detail }) {
  const name = t("ui.ended.cell", { arm: t(`figure.arm.${parametrization}`), width });
  if (errorClass === "model" && detail) return [h("strong", {}, name), " ", reasonOf(errorClass), " ", detail];
  const more = detail ? h("details", {}, h("summary", {}, t("ui.ended.detail")), h("pre", {}, detail)) : null;
  return [h("strong", {}, name), " ", reasonOf(errorClass), more];
}

/** @param {string | null} errorClass */
function reasonOf(errorClass) {
  const key = `ui.failure.${errorClass ?? "unknown"}`;
  return has(key) ? t(key) : t("ui.failure.unknown");
}
