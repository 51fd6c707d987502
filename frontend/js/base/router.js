/** Which page an address shows, and the address as the page's memory. */

/** @import { Route } from "../../types/page.js" */

const ROUTES = [
  { pattern: /^\/$/, name: "home" },
  { pattern: /^\/datasets\/([0-9a-f-]{36})$/, name: "dataset" },
  { pattern: /^\/experiments$/, name: "experiments" },
  { pattern: /^\/experiments\/([0-9a-f-]{36})$/, name: "experiment" },
];

/** The page that a path names. @param {string} pathname @returns {Route} */
export function routeOf(pathname) {
  const path = pathname.replace(/(.)\/$/, "$1");
  for (const { pattern, name } of ROUTES) {
    const match = pattern.exec(path);
    if (match) return { name, id: match[1] ?? "" };
  }
  return { name: "missing", id: "" };
}

/** Go to another page; the language chosen in the address goes along. @param {string} path */
export function go(path) {
  visit(hrefOf(path));
}

/** @param {string} address */
function visit(address) {
  history.pushState(null, "", address);
  dispatchEvent(new Event("navigate"));
}

/** Return a link's address with the language in it, if the present one has it. @param {string} path */
export function hrefOf(path) {
  const lang = new URLSearchParams(location.search).get("lang");
  return lang ? `${path}${path.includes("?") ? "&" : "?"}lang=${lang}` : path;
}

/** @param {string} name @returns {string | null} */
export const query = (name) => new URLSearchParams(location.search).get(name);

/** Remember choices in the address; null removes one. @param {Record<string, string | null>} changes */
export function remember(changes) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  history.replaceState(null, "", url);
}

/** Have plain clicks on our own links change the page without loading it anew. @param {AbortSignal} signal */
export function followLinks(signal) {
  document.addEventListener(
    "click",
    (event) => {
      const link = event.target instanceof Element ? event.target.closest("a[data-page]") : null;
      if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      visit(link.href);
    },
    { signal },
  );
}
