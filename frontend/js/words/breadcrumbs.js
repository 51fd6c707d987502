/** The way to a page from the start page: links to what lies above it, and its own name last. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { hrefOf } from "../base/router.js";

/** @typedef {{name: string, path: string}} Crumb a page above, and its path */

/** @returns {Crumb} */
export const experimentsCrumb = () => ({ name: t("ui.nav.experiments"), path: "/experiments" });

/** @returns {Crumb} */
export const dataCrumb = () => ({ name: t("ui.files.title"), path: "/data" });

/** @returns {Crumb} */
export const sweepsCrumb = () => ({ name: t("ui.nav.sweeps"), path: "/sweeps" });

/** @param {{id: string, name: string}} experiment @returns {Crumb} */
export const experimentCrumb = ({ id, name }) => ({ name, path: `/experiments/${id}` });

/** @param {Crumb[]} above from the start page on, without it @param {string} here the page itself */
export function breadcrumbs(above, here) {
  const start = { name: t("ui.nav.start"), path: "/" };
  const links = [start, ...above].map(({ name, path }) =>
    h("li", {}, h("a", { class: "wrap", href: hrefOf(path), data: { page: "" } }, name)),
  );
  const last = h("li", {}, h("span", { class: "wrap", "aria-current": "page" }, here));
  return h("nav", { class: "crumbs", "aria-label": t("ui.crumbs.label") }, h("ol", {}, links, last));
}
