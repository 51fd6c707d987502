/** Notes inside a page: what went wrong or must be known, and what the user can do about it. */

import { ApiError } from "./api.js";
import { h, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { t } from "./i18n.js";
import { hrefOf } from "./router.js";

/** @import { Child } from "../../types/page.js" */

/** @param {unknown} error @returns {string} */
export function messageOf(error) {
  return error instanceof ApiError ? error.message : t("ui.error.unexpected");
}

/** A message inside a page. @param {unknown} error @param {...Child} actions */
export function errorNote(error, ...actions) {
  return note("bad", messageOf(error), ...actions);
}

/**
 * A message with a tone of its own: icon, words, and what can be done.
 * @param {"info" | "warn" | "bad"} tone @param {Child} words @param {...Child} actions
 */
export function note(tone, words, ...actions) {
  return h(
    "div",
    { class: `note note-${tone}`, role: tone === "bad" ? "alert" : null },
    icon(tone === "info" ? ICONS.info : ICONS.alert),
    h(
      "div",
      { class: "note-body" },
      h("p", {}, typeof words === "string" ? withCode(words) : words),
      actions.length ? h("div", { class: "row" }, actions) : null,
    ),
  );
}

/** A message whose names of commands and fields, between backticks, look like ones. @param {string} message */
export const withCode = (message) =>
  message.split("`").map((part, at) => (at % 2 ? h("code", { class: "command" }, part) : part));

/** Nothing will move until a worker is started. */
export const noWorkerNote = () =>
  note(
    "warn",
    [h("strong", {}, t("ui.no_worker.title")), " ", t("ui.no_worker.words")],
    h("a", { href: hrefOf("/workers"), data: { page: "" } }, t("ui.no_worker.more")),
  );
