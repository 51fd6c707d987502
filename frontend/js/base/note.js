/** What went wrong, said where the user can act on it. */

import { ApiError } from "./api.js";
import { h, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { t } from "./i18n.js";
import { hrefOf } from "./router.js";

/** @param {unknown} error @returns {string} */
export function messageOf(error) {
  return error instanceof ApiError ? error.message : t("ui.error.unexpected");
}

/** A message inside a page. @param {unknown} error @param {...any} actions */
export function errorNote(error, ...actions) {
  return note("bad", messageOf(error), ...actions);
}

/**
 * A message with a tone of its own: icon, words, and what can be done.
 * @param {"info" | "warn" | "bad"} tone @param {any} words @param {...any} actions
 */
export function note(tone, words, ...actions) {
  return h(
    "div",
    { class: `note note-${tone}`, role: tone === "bad" ? "alert" : null },
    icon(tone === "info" ? ICONS.info : ICONS.alert),
    h("div", { class: "note-body" }, h("p", {}, words), actions.length ? h("div", { class: "row" }, actions) : null),
  );
}

/** A page of its own, when the one asked for cannot be shown. @param {unknown} error @param {() => void} retry */
export function errorPage(error, retry) {
  const isMissing = error instanceof ApiError && error.status === 404;
  const title = () => t(isMissing ? "ui.missing.title" : "ui.error.title");
  return {
    title,
    /** @param {HTMLElement} root */
    mount(root) {
      const again = h("button", { class: "button", type: "button", on: { click: retry } }, t("ui.error.retry"));
      const home = h("a", { class: "button", href: hrefOf("/"), data: { page: "" } }, t("ui.missing.home"));
      root.append(
        h("section", { class: "lonely" }, h("h1", {}, title()), errorNote(error), h("div", { class: "row" }, isMissing ? null : again, home)),
      );
      return () => {};
    },
  };
}
