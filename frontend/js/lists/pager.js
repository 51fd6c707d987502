/** The line below a list: how many there are, to the next page, back to the first. */

import { h } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/i18n.js";

/**
 * @param {{total: number, next: string | null, isFirst: boolean}} page
 * @param {(cursor: string) => void} onStep with the cursor of the page; empty for the first
 */
export function pager({ total, next, isFirst }, onStep) {
  const step = (/** @type {string} */ name, /** @type {string} */ cursor) =>
    h(
      "button",
      { type: "button", class: "button", data: { step: name }, on: { click: () => onStep(cursor) } },
      t(`ui.list.${name}`),
    );
  return h(
    "nav",
    { class: "pager", "aria-label": t("ui.list.pages") },
    h("p", { role: "status" }, t("ui.list.total", { count: number(total) })),
    h("span", { class: "spring" }),
    isFirst ? null : step("first", ""),
    next === null ? null : step("next", next),
  );
}
