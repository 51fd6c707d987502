/** A budget as it is written on the page, and as the server wants it. */

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

/** @param {string | undefined} text @returns {number | string | null} */
function amount(text) {
  const written = (text ?? "").normalize("NFKC").replaceAll(",", "").trim();
  if (written === "") return null;
  return Number.isFinite(Number(written)) ? Number(written) : written;
}
