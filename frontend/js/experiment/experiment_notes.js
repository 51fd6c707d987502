/** What an ended experiment has to say beyond its verdict: cancelled, failed in part or as a whole, diverged. */

import { h } from "../base/dom.js";
import { number } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { note } from "../base/note.js";

/** @param {any} store @returns {(HTMLElement | null)[]} */
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

function failures(cells) {
  const item = (cell) =>
    h(
      "li",
      {},
      h("strong", {}, t("ui.ended.cell", { arm: t(`figure.arm.${cell.parametrization}`), width: cell.width })),
      " ",
      reasonOf(cell.error_class),
      cell.error_detail
        ? h("details", {}, h("summary", {}, t("ui.ended.detail")), h("pre", {}, cell.error_detail))
        : null,
    );
  return note("warn", [
    h("span", {}, t("ui.ended.cells_failed", { count: number(cells.length) })),
    h("ul", { class: "plain" }, cells.map(item)),
  ]);
}

function reasonOf(errorClass) {
  const key = `ui.failure.${errorClass ?? "unknown"}`;
  return has(key) ? t(key) : t("ui.failure.unknown");
}
