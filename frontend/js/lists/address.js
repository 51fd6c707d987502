/** What of a list is shown, as the address says it: search, filters, order and page. */

/** @typedef {Record<string, string>} View values by their names; what is as usual is left out */

/** Another page begins anew when anything but the page is changed. */
const CURSOR = "cursor";

/** @param {string} search of the address @param {readonly string[]} names that the list knows @returns {View} */
export function viewOf(search, names) {
  const given = new URLSearchParams(search);
  const known = [...names, CURSOR].filter((name) => given.get(name));
  return Object.fromEntries(known.map((name) => [name, /** @type {string} */ (given.get(name))]));
}

/** The view after a change; an empty value takes a name out. @param {View} view @param {View} change @returns {View} */
export function changed(view, change) {
  const page = CURSOR in change ? {} : { [CURSOR]: "" };
  return Object.fromEntries(Object.entries({ ...view, ...page, ...change }).filter(([, value]) => value));
}

/** The address of a view; what else the address says, such as the language, stays. */
export function addressOfView(/** @type {View} */ view, /** @type {readonly string[]} */ names) {
  const url = new URL(location.href);
  for (const name of [...names, CURSOR]) url.searchParams.delete(name);
  for (const [name, value] of Object.entries(view)) url.searchParams.set(name, value);
  return url.pathname + url.search;
}

/** Whether anything narrows the list. @param {View} view @param {readonly string[]} filters */
export const isNarrowed = (view, filters) => filters.some((name) => name in view);
