/** The way between the pages of an experiment: links, each with the address its page had last. */

import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { within } from "../../base/root.js";
import { hrefOf } from "../../base/router.js";

/** @param {string} id of the experiment @param {string[]} parts @param {AbortSignal} signal */
export function tabs(id, parts, signal) {
  const links = new Map(parts.map((part) => [part, link(id, part)]));
  const element = h("nav", { class: "tabs", "aria-label": t("ui.tabs.label") }, [...links.values()]);
  let shown = "";
  const keep = () => {
    const { pathname, search } = location;
    const current = links.get(shown);
    if (current && within(pathname) === pathOf(id, shown)) current.href = pathname + search;
  };
  for (const event of ["remembered", "popstate"]) addEventListener(event, keep, { signal });
  const show = (/** @type {string} */ part) => {
    shown = part;
    for (const [name, each] of links) {
      if (name === part) each.setAttribute("aria-current", "page");
      else each.removeAttribute("aria-current");
    }
    keep();
  };
  return { element, show };
}

/** @param {string} id @param {string} part */
const pathOf = (id, part) => `/experiments/${id}${part && `/${part}`}`;

/** @param {string} id @param {string} part */
const link = (id, part) =>
  h(
    "a",
    { href: hrefOf(pathOf(id, part)), data: { page: "", tab: part || "answer" } },
    t(`ui.tabs.${part || "answer"}`),
  );
