/** Names of the languages, each in its own. */

/** @type {Record<string, string>} */
export const NAMES_OF_LANGUAGES = { en: "English", ja: "日本語" };
