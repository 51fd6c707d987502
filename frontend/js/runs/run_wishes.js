/** Which runs are wished for, kept in the address in the words of the REST interface. */

import { choose, query } from "../base/router.js";

/** What runs can be sought by. @type {readonly string[]} */
export const FILTERS = ["scenario", "parametrization", "width", "depth", "seed", "lr_low", "lr_high", "state"];
const SORTED = /** @type {const} */ (["sort", "order"]);
const USUAL = new Map([
  ["sort", "grid"],
  ["order", "asc"],
  ["offset", "0"],
]);
export const PAGE = 100;

/** @param {string} name of a filter, `sort`, `order` or `offset` */
export const wish = (name) => query(name) ?? USUAL.get(name) ?? "";

/** Change wishes; whatever changes but the page, one begins at the first. @param {Record<string, string>} changes */
export function setWishes(changes) {
  const all = { offset: "0", ...changes };
  const kept = Object.entries(all).map(([name, value]) => [name, value === (USUAL.get(name) ?? "") ? null : value]);
  choose(Object.fromEntries(kept));
}

/** The wishes as the server takes them. @returns {URLSearchParams} */
export function sought() {
  const names = [...FILTERS, ...SORTED];
  return new URLSearchParams(names.flatMap((name) => (wish(name) ? [[name, wish(name)]] : [])));
}

/** The same for one page. @returns {URLSearchParams} */
export function soughtPage() {
  const params = sought();
  params.set("limit", String(PAGE));
  params.set("offset", wish("offset"));
  return params;
}

/** Whether anything but the order is wished. */
export const isFiltered = () => FILTERS.some((name) => wish(name) !== "");

/** As if nothing were wished; the order stays. */
export const clearFilters = () => setWishes(Object.fromEntries(FILTERS.map((name) => [name, ""])));
