/** Tags as a list of small marks. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";

/** @param {readonly string[]} tags */
export const tagChips = (tags) =>
  h(
    "ul",
    { class: "tags", "aria-label": t("ui.labels.tags") },
    tags.map((tag) => h("li", { class: "tag wrap" }, tag)),
  );
