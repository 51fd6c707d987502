/** The page that stands where the one asked for cannot be shown. */

import { ApiError } from "../base/api.js";
import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { hrefOf } from "../base/router.js";

/** @import { Page } from "../../types/page.js" */

/** @param {unknown} error @param {() => void} retry @returns {Page} */
export function errorPage(error, retry) {
  const isMissing = error instanceof ApiError && error.status === 404;
  const title = () => t(isMissing ? "ui.missing.title" : "ui.error.title");
  return {
    title,
    mount(root) {
      const again = h("button", { class: "button", type: "button", on: { click: retry } }, t("ui.error.retry"));
      const home = h("a", { class: "button", href: hrefOf("/"), data: { page: "" } }, t("ui.missing.home"));
      root.append(
        h(
          "section",
          { class: "lonely" },
          h("h1", {}, title()),
          errorNote(error),
          h("div", { class: "row" }, isMissing ? null : again, home),
        ),
      );
      return () => {};
    },
  };
}
