/** The way through a long list: which part is shown, and the ones before and after it. */

import { h } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/i18n.js";

/**
 * @param {{offset: number, limit: number, total: number}} part what is shown @param {(offset: number) => void} onGo
 */
export function pager({ offset, limit, total }, onGo) {
  const last = Math.min(total, offset + limit);
  const words = t("ui.pager.shown", {
    first: number(total ? offset + 1 : 0),
    last: number(last),
    total: number(total),
  });
  const button = (/** @type {"before" | "after"} */ name, /** @type {number} */ to, /** @type {boolean} */ isThere) =>
    h(
      "button",
      { type: "button", class: "button", disabled: !isThere, data: { pager: name }, on: { click: () => onGo(to) } },
      t(`ui.pager.${name}`),
    );
  return h(
    "nav",
    { class: "row pager", "aria-label": t("ui.pager.label") },
    h("span", { class: "number", role: "status" }, words),
    button("before", Math.max(0, offset - limit), offset > 0),
    button("after", offset + limit, last < total),
  );
}
