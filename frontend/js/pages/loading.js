/** What a page shows until its data are here. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";

export function loading() {
  return h(
    "div",
    { class: "loading", role: "status" },
    h("span", { class: "visually-hidden" }, t("ui.loading")),
    h("div", { class: "skeleton skeleton-title" }),
    h("div", { class: "skeleton skeleton-line" }),
    h("div", { class: "skeleton skeleton-box" }),
  );
}
