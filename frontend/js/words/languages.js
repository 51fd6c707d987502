/** The languages of the page: their names, and the choice of one. */

import { switchLanguage } from "../base/i18n.js";
import { query, remember } from "../base/router.js";

/** Names of the languages, each in its own. @type {Record<string, string>} */
export const NAMES_OF_LANGUAGES = { en: "English", ja: "日本語" };

/** Speak another language; an address that names one names this one then. @param {string} name */
export function chooseLanguage(name) {
  if (query("lang")) remember({ lang: name });
  return switchLanguage(name);
}
