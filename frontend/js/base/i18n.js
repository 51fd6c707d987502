/** The texts of the page: one catalogue per language, chosen by ?lang=, then memory, then the browser. */

import { preference, setPreference } from "../viewer/preferences.js";
import { readsAsEngineer } from "../viewer/reading_level.js";

/** @typedef {Record<string, string>} Catalogue texts by their keys */

/** @type {Record<string, Catalogue>} */
const catalogues = {};
/** @type {(language: string) => Promise<Catalogue>} */
let readCatalogue;
/** @type {Set<() => void>} */
const listeners = new Set();
let languages = ["en", "ja"];
let current = "en";
let areRanks = false;

/** @returns {string} the language in use */
export const language = () => current;

/** @returns {string[]} the languages there are */
export const known = () => languages;

/**
 * Choose the language and load its texts.
 * @param {string[]} available @param {(language: string) => Promise<Catalogue>} read fetches the texts of one
 */
export async function startLanguage(available, read) {
  languages = available;
  readCatalogue = read;
  current = preferred();
  await load(current);
  document.documentElement.lang = current;
}

function preferred() {
  const wishes = [new URL(location.href).searchParams.get("lang"), preference("language"), ...navigator.languages];
  for (const wish of wishes) {
    const short = String(wish ?? "")
      .slice(0, 2)
      .toLowerCase();
    if (languages.includes(short)) return short;
  }
  return languages[0];
}

/** @param {string} wanted */
async function load(wanted) {
  catalogues[wanted] ??= await readCatalogue(wanted);
}

/** Switch; everything listening draws itself again from what it already has. @param {string} wanted */
export async function switchLanguage(wanted) {
  if (wanted === current || !languages.includes(wanted)) return;
  await load(wanted);
  current = wanted;
  document.documentElement.lang = wanted;
  setPreference("language", wanted);
  for (const listener of listeners) listener();
}

/** Take the language that is wished for now: chosen in another tab, or the browser's own once it is forgotten. */
export const followLanguage = () => switchLanguage(preferred());

/** @param {() => void} listener @param {AbortSignal} signal */
export function onLanguage(listener, signal) {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
}

/** @returns {string[]} the keys of all texts */
export const catalogueKeys = () => Object.keys(catalogues[current] ?? {});

/** Tell whether a text exists. @param {string} key */
export const has = (key) => key in (catalogues[current] ?? {});

/**
 * Say from now on that sizes are ranks of adapters, until a page is left. @param {AbortSignal} signal of the page
 */
export function sayRanks(signal) {
  areRanks = !signal.aborted;
  signal.addEventListener("abort", () => (areRanks = false), { once: true });
}

/**
 * Say something of one experiment among several, whose sizes are ranks of adapters or are not.
 * @template Said
 * @param {boolean} isOfRanks @param {() => Said} words @returns {Said}
 */
export function sayOf(isOfRanks, words) {
  const before = areRanks;
  areRanks = isOfRanks;
  try {
    return words();
  } finally {
    areRanks = before;
  }
}

/**
 * Return a text with its placeholders filled; an unknown key shows itself rather than nothing.
 * Who does not read as an engineer gets the plain twin of a text, `key.plain`, where there is one; where sizes are
 * ranks, a text in its form for them, `key.rank`.
 * @param {string} key @param {Record<string, unknown>} [params]
 */
export function t(key, params = {}) {
  const texts = catalogues[current] ?? {};
  const said = !readsAsEngineer() && `${key}.plain` in texts ? `${key}.plain` : key;
  const text = (areRanks ? texts[`${said}.rank`] : undefined) ?? texts[said] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}
