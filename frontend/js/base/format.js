/** Numbers, times and sizes as people read them, in the language in use. */

import { language, t } from "./i18n.js";

const locale = () => (language() === "ja" ? "ja-JP" : "en-GB");

/** By language and options: to make a formatter takes a hundred times as long as to use it. */
const numberFormats = /** @type {Map<string, Intl.NumberFormat>} */ (new Map());
const dateFormats = /** @type {Map<string, Intl.DateTimeFormat>} */ (new Map());

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export function number(value, options = {}) {
  return kept(numberFormats, options, () => new Intl.NumberFormat(locale(), options)).format(value);
}

/** @param {string} iso @param {Intl.DateTimeFormatOptions} options */
function date(iso, options) {
  return kept(dateFormats, options, () => new Intl.DateTimeFormat(locale(), options)).format(new Date(iso));
}

/**
 * The formatter of the language in use for some options; made when it is asked for first.
 * @template Format @param {Map<string, Format>} formats @param {object} options @param {() => Format} make
 */
function kept(formats, options, make) {
  const key = locale() + JSON.stringify(options);
  const found = formats.get(key) ?? make();
  formats.set(key, found);
  return found;
}

/** Three significant digits; very small and very large with an exponent. @param {number | null | undefined} value */
export function figure(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(2).replace("-", "−");
  return number(value, { maximumSignificantDigits: 3 });
}

/**
 * A distance in octaves, or an exponent: hundredths say all that the intervals beside it allow.
 * @param {number | null | undefined} value
 */
export function octaves(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return number(value, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "negative" });
}

/** A share as a percentage. @param {number | null | undefined} value */
export const percent = (value) => share(value, (size) => (size < 0.0995 ? 1 : 0));

/**
 * A share that is compared with a limit below one percent: finer there.
 * @param {number | null | undefined} value
 */
export const finePercent = (value) => share(value, (size) => (size < 0.00995 ? 2 : size < 0.0995 ? 1 : 0));

/** @param {number | null | undefined} value @param {(size: number) => number} digitsOf decimals by magnitude */
function share(value, digitsOf) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const maximumFractionDigits = digitsOf(Math.abs(value));
  return number(value, { style: "percent", maximumFractionDigits, signDisplay: "negative" });
}

/** A factor such as 1.5; two decimals where it is near a limit that it is compared with. @param {number} value */
export function factor(value) {
  const digits = value < 10 ? 2 : 0;
  return number(value, { maximumFractionDigits: digits, minimumFractionDigits: Math.min(1, digits) });
}

/** Octaves as the factor a manager reads. @param {number} distance */
export const asFactor = (distance) => factor(2 ** distance);

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return part(whole, "second");
  const minutes = Math.round(whole / 60);
  if (whole < 600 && whole % 60) return `${part(Math.floor(whole / 60), "minute")} ${part(whole % 60, "second")}`;
  if (minutes < 60) return part(minutes, "minute");
  const rest = minutes % 60;
  return [part(Math.floor(minutes / 60), "hour"), ...(rest ? [part(rest, "minute")] : [])].join(" ");
}

/** As above, but for an estimate: no false precision. @param {number} seconds */
export function about(seconds) {
  if (seconds < 10) return t("ui.time.moments");
  const step = seconds < 60 ? 10 : seconds < 600 ? 30 : 60;
  return t("ui.time.about", { time: duration(Math.ceil(seconds / step) * step) });
}

/** @param {number} value @param {"second" | "minute" | "hour"} unit */
const part = (value, unit) =>
  number(value, { style: "unit", unit, unitDisplay: language() === "ja" ? "long" : "short" });

/** An amount of money; small amounts keep their decimals. @param {number} value @param {string} currency */
export function money(value, currency) {
  const isSmall = Math.abs(value) < 10;
  return number(value, {
    style: "currency",
    currency,
    maximumFractionDigits: isSmall ? 2 : 0,
    minimumFractionDigits: 0,
  });
}

/** @param {string} iso */
export function dateTime(iso) {
  return date(iso, { dateStyle: "medium", timeStyle: "short" });
}

/** The time of a moment; with its day unless that is today. @param {string} iso */
export function timeOfDay(iso) {
  const moment = new Date(iso);
  if (moment.toDateString() !== new Date().toDateString()) return dateTime(iso);
  return date(iso, { timeStyle: "short" });
}

/** @param {number} count */
export function bytes(count) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const rank = Math.min(units.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3));
  return number(count / 1000 ** rank, {
    style: "unit",
    unit: units[rank],
    maximumSignificantDigits: 3,
    unitDisplay: "short",
  });
}

const size = (/** @type {number} */ value) => number(value, { useGrouping: false });

/**
 * A list of sizes: 32, 64, 128; or of what `format` writes.
 * @template [T=number] @param {T[]} values @param {(value: T) => string} [format]
 */
export const list = (values, format = (value) => size(Number(value))) =>
  values.map((value) => format(value)).join(language() === "ja" ? "、" : ", ");
