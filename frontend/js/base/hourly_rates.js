/** What an hour costs, as the viewer set it: kept in this browser only, never part of an experiment by itself. */

import { language } from "./i18n.js";

const MEMORY = "muscope.rates";

/** @typedef {{rate_per_hour: number | null, staff_rate: number | null, currency: string}} Rates */

/** @returns {Rates} */
export function rates() {
  const usual = { rate_per_hour: null, staff_rate: null, currency: language() === "ja" ? "JPY" : "USD" };
  try {
    return { ...usual, ...JSON.parse(localStorage.getItem(MEMORY) ?? "{}") };
  } catch {
    return usual; // storage may be forbidden, or hold what somebody else wrote
  }
}

/** @param {Partial<Rates>} changed */
export function setRates(changed) {
  try {
    localStorage.setItem(MEMORY, JSON.stringify({ ...rates(), ...changed }));
  } catch {
    // see rates()
  }
}

/** A rate as it was written; null when it is none. @param {string} text */
export function rateOf(text) {
  const value = Number(text.normalize("NFKC").replaceAll(",", "").trim());
  return text.trim() !== "" && Number.isFinite(value) && value >= 0 ? value : null;
}
