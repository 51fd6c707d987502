/** What the browser's tab is called. */

import { t } from "./i18n.js";

/** @param {string} words */
export function showTitle(words) {
  const title = `${words} · ${t("ui.app.name")}`;
  if (document.title !== title) document.title = title;
}
