/** A budget as it is written on the page, as the server wants it, and the device time it comes to. */

/** @import { Budget } from "../../types/answers.js" */
/** @import { Rates } from "../base/hourly_rates.js" */

const SECONDS_PER_HOUR = 3600;

/**
 * The budget of a request; null when nothing was written. What is no number stays as it is, so that the server
 * can say so.
 * @param {{hours?: string, money?: string} | undefined} texts @param {Pick<Rates, "rate_per_hour" | "currency">} rates
 */
export function budgetOf(texts, { rate_per_hour, currency }) {
  const hours = amount(texts?.hours);
  const money = amount(texts?.money);
  if (hours === null && money === null) return null;
  const time = hours === null ? {} : { slot_seconds: typeof hours === "number" ? hours * SECONDS_PER_HOUR : hours };
  const price = rate_per_hour === null ? { currency } : { rate_per_hour, currency };
  return { ...time, ...(money === null ? {} : { money }), ...price };
}

/** The device time that may be spent; endless without a budget. @param {Budget | null} budget of a spec */
export function limitSeconds(budget) {
  if (!budget) return Infinity;
  const { slot_seconds: time, money, rate_per_hour: rate } = budget;
  return Math.min(time ?? Infinity, money && rate ? (money / rate) * SECONDS_PER_HOUR : Infinity);
}

/** @param {string | undefined} text @returns {number | string | null} */
function amount(text) {
  const written = (text ?? "").normalize("NFKC").replaceAll(",", "").trim();
  if (written === "") return null;
  return Number.isFinite(Number(written)) ? Number(written) : written;
}
