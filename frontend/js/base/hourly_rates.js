/** What an hour costs, as the viewer set it: kept in this browser only, never part of an experiment by itself. */

import { language } from "./i18n.js";
import { preferences, setPreference } from "../viewer/preferences.js";

/** @typedef {{rate_per_hour: number | null, staff_rate: number | null, currency: string}} Rates */

/** @returns {Rates} */
export function rates() {
  const usual = { rate_per_hour: null, staff_rate: null, currency: language() === "ja" ? "JPY" : "USD" };
  return { ...usual, ...preferences("rates") };
}

/** @param {Partial<Rates>} changed */
export function setRates(changed) {
  setPreference("rates", { ...rates(), ...changed });
}

/** A rate as it was written; null when it is none. @param {string} text */
export function rateOf(text) {
  const value = Number(text.normalize("NFKC").replaceAll(",", "").trim());
  return text.trim() !== "" && Number.isFinite(value) && value >= 0 ? value : null;
}
