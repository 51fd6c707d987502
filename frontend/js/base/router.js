/** Which page an address shows, and the address as the page's memory. */

import { ROOT, within } from "./root.js";

/** @import { Route } from "../../types/page.js" */

const ID = "([0-9a-f-]{36})";
const ROUTES = [
  { pattern: /^\/$/, name: "home", names: [] },
  { pattern: new RegExp(`^/datasets/${ID}$`), name: "dataset", names: ["id"] },
  { pattern: /^\/experiments$/, name: "experiments", names: [] },
  { pattern: /^\/(?:data|datasets)$/, name: "data", names: [] },
  { pattern: /^\/compare$/, name: "compare", names: [] },
  { pattern: /^\/sweeps$/, name: "sweeps", names: [] },
  { pattern: new RegExp(`^/sweeps/${ID}$`), name: "sweep", names: ["id"] },
  { pattern: /^\/workers$/, name: "workers", names: [] },
  { pattern: /^\/settings$/, name: "settings", names: [] },
  { pattern: /^\/(?:sign-in|sign-in\/return|welcome)$/, name: "sign_in", names: [] },
  { pattern: /^\/account$/, name: "account", names: [] },
  { pattern: /^\/users$/, name: "users", names: [] },
  { pattern: /^\/audit$/, name: "audit", names: [] },
  { pattern: new RegExp(`^/experiments/${ID}$`), name: "experiment", names: ["id"] },
  {
    pattern: new RegExp(`^/experiments/${ID}/(curves|runs|settings|report)$`),
    name: "experiment",
    names: ["id", "part"],
  },
  { pattern: new RegExp(`^/experiments/${ID}/runs/${ID}$`), name: "experiment", names: ["id", "item"] },
];
const NOWHERE = { id: "", part: "", item: "" };

/** The page that a path names. @param {string} pathname @returns {Route} */
export function routeOf(pathname) {
  const path = within(pathname).replace(/(.)\/$/, "$1");
  for (const { pattern, name, names } of ROUTES) {
    const match = pattern.exec(path);
    if (match) return { name, ...NOWHERE, ...Object.fromEntries(names.map((key, at) => [key, match[at + 1]])) };
  }
  return { name: "missing", ...NOWHERE };
}

/** Go to another page; the language chosen in the address goes along. @param {string} path */
export function go(path) {
  visit(hrefOf(path));
}

/** @param {string} address */
function visit(address) {
  pushAddress(address);
  dispatchEvent(new Event("navigate"));
}

/** Make a new entry of the browser's history; Back returns to the one before, where the reader was. */
export function pushAddress(/** @type {string} */ address) {
  savePlace();
  history.pushState(null, "", address);
}

/** Change the address of the present entry of the browser's history. @param {string | URL} address */
export const replaceAddress = (address) => history.replaceState(history.state, "", address);

/** Note in the present entry how far down the page the reader is. */
export const savePlace = () => history.replaceState({ ...history.state, place: Math.round(scrollY) }, "");

/** The address of a page, with the language in it if the present one has it. @param {string} path */
export function hrefOf(path) {
  const lang = new URLSearchParams(location.search).get("lang");
  if (!lang) return ROOT + path;
  const [pathname, search = ""] = path.split("?");
  const wishes = new URLSearchParams(search);
  wishes.set("lang", lang);
  return `${ROOT}${pathname}?${wishes}`;
}

/** @param {string} name @returns {string | null} */
export const query = (name) => new URLSearchParams(location.search).get(name);

/** Remember choices in the address; null removes one. @param {Record<string, string | null>} changes */
export function remember(changes) {
  replaceAddress(addressWith(changes));
  dispatchEvent(new Event("remembered"));
}

/** Remember choices as `remember` does; Back returns to those before. @param {Record<string, string | null>} changes */
export function choose(changes) {
  const address = addressWith(changes);
  if (address === location.href) return; // Back would seem to do nothing
  pushAddress(address);
  dispatchEvent(new Event("remembered"));
}

/** @param {Record<string, string | null>} changes */
function addressWith(changes) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url.href;
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
      const { pathname, search } = new URL(link.href);
      go(within(pathname) + search);
    },
    { signal },
  );
}
