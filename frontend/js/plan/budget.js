/** A budget as it is written on the page, and as the server wants it. */

const SECONDS_PER_HOUR = 3600;

/**
 * The budget of a request; null when nothing was written. What is no number stays as it is, so that the server
 * can say so.
 * @param {{hours?: string, money?: string} | undefined} texts @param {import("../base/hourly_rates.js").Rates} rates
 */
export function budgetOf(texts, { rate_per_hour, currency }) {
  const hours = amount(texts?.hours);
  const money = amount(texts?.money);
  if (hours === null && money === null) return null;
  const time = hours === null ? {} : { slot_seconds: typeof hours === "number" ? hours * SECONDS_PER_HOUR : hours };
  const price = rate_per_hour === null ? { currency } : { rate_per_hour, currency };
  return { ...time, ...(money === null ? {} : { money }), ...price };
}

/** The device time that may be spent; endless without a budget. @param {any} budget of a spec */
export function limitSeconds(budget) {
  const time = budget?.slot_seconds ?? Infinity;
  const bought =
    budget?.money && budget.rate_per_hour ? (budget.money / budget.rate_per_hour) * SECONDS_PER_HOUR : Infinity;
  return Math.min(time, bought);
}

function amount(text) {
  const written = (text ?? "").normalize("NFKC").replaceAll(",", "").trim();
  if (written === "") return null;
  return Number.isFinite(Number(written)) ? Number(written) : written;
}
