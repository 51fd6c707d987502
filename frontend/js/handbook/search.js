/** The search of the documentation: loads its index at the first key, and lists the sections that fit. */

import { normalized, ranked } from "./terms.js";

/** @typedef {import("./terms.js").Places} Places */
/** @typedef {[address: string, page: string, title: string, text: string]} Section */

const MOST = 12;
const EXCERPT = 110;

const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-index]"));
const input = /** @type {HTMLInputElement} */ (document.getElementById("query"));
const found = /** @type {HTMLElement} */ (document.getElementById("found"));
/** @type {Promise<{sections: Section[], places: Places}> | null} */
let index = null;

/** Load the index once; the address is that of a module, since the policy allows own scripts. */
function loadIndex() {
  index ??= import(new URL(form.dataset.index ?? "", document.baseURI).href);
  return index;
}

async function search() {
  const query = input.value.trim();
  if (query === "") return found.replaceChildren();
  const { sections, places } = await loadIndex();
  if (query !== input.value.trim()) return; // typed on meanwhile; a later call answers
  const hits = ranked(places, query);
  found.replaceChildren(...answer(hits, sections, query));
}

/** @param {number[]} hits @param {Section[]} sections @param {string} query @returns {HTMLElement[]} */
function answer(hits, sections, query) {
  const count = element("p", (found.dataset.count ?? "").replace("#", String(hits.length)));
  if (hits.length === 0) return [element("p", found.dataset.none ?? "")];
  const list = document.createElement("ol");
  list.append(...hits.slice(0, MOST).map((hit) => item(sections[hit], query)));
  return [count, list];
}

/** @param {Section} section @param {string} query */
function item([address, page, title, text], query) {
  const link = element("a", page === title ? title : `${page} › ${title}`);
  /** @type {HTMLAnchorElement} */ (link).href = `${form.dataset.root}/${address}`;
  const made = document.createElement("li");
  made.append(link, element("span", excerpt(text, query)));
  return made;
}

/** Return the stretch of a text around the first word of the query. @param {string} text @param {string} query */
function excerpt(text, query) {
  const at = Math.max(0, normalized(text).indexOf(normalized(query).split(/\s+/)[0]) - 30);
  return (at ? "…" : "") + text.slice(at, at + EXCERPT) + (text.length > at + EXCERPT ? "…" : "");
}

/** @param {string} tag @param {string} text */
function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function close() {
  input.value = "";
  found.replaceChildren();
}

form.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const first = found.querySelector("a");
  if (first) first.click();
});
input.addEventListener("focus", loadIndex, { once: true });
input.addEventListener("input", search);
addEventListener("keydown", (event) => {
  if (event.key === "Escape") close();
  if (event.key === "/" && !(event.target instanceof HTMLInputElement)) {
    event.preventDefault();
    input.focus();
  }
});
