/** One number of the answer: its value, interval and meaning; the one that decides with its limit and a mark. */

import { h, icon } from "../../base/dom.js";
import { percent } from "../../base/format.js";
import { ICONS } from "../../base/icons.js";
import { t } from "../../base/i18n.js";
import { withTerms } from "../../words/terms.js";

/** @import { Deciding, Estimate, Interval } from "../../../types/answers.js" */
/** @typedef {NonNullable<Deciding["within"]>} Within */
/** @typedef {[name: string, value: string, hint?: string]} Detail */

/**
 * @typedef {object} Shown a number as it is shown
 * @property {string} name
 * @property {string | null} value in words
 * @property {string | null} [interval] in words
 * @property {string} [limit] in words, of the number that decides
 * @property {Within | null} [within] the server's answer, of the number that decides
 * @property {Element} [picture]
 * @property {Detail[]} [details] the same in other units
 * @property {string} means
 */

const MARKS = { yes: ICONS.transfers, unsure: ICONS.inconclusive, no: ICONS.does_not_transfer };

/** @param {Shown} shown */
export function numberCard({ name, value, interval, limit, within, picture, details = [], means }) {
  const decides = limit === undefined ? null : h("span", { class: "chip" }, t("ui.number.decides"));
  const facts = [interval, limit && t("ui.number.limit", { limit })].filter(Boolean);
  return h(
    "div",
    { class: "number-card", data: { number: name } },
    h("dt", {}, withTerms(t(`ui.number.${name}.title`)), decides),
    h("dd", { class: "number-value" }, value ?? t("ui.number.none"), within ? mark(within) : null),
    picture ? h("dd", { class: "number-picture", "aria-hidden": "true" }, picture) : null,
    facts.length
      ? h(
          "dd",
          { class: "number-facts" },
          facts.map((fact) => h("span", {}, withTerms(String(fact)))),
        )
      : null,
    h("dd", { class: "hint" }, means),
    details.length ? h("dd", { class: "number-details" }, h("ul", { class: "plain" }, details.map(detail))) : null,
  );
}

/** @param {Detail} detail */
const detail = ([name, value, hint]) =>
  h("li", {}, h("span", {}, t("ui.number.detail", { name, value })), hint ? h("p", { class: "hint" }, hint) : null);

/** How the number lies to its limit. @param {Within} answer */
export function mark(answer) {
  const words = t(`ui.number.within.${answer}`);
  return h("span", { class: "chip number-mark", data: { within: answer } }, icon(MARKS[answer]), words);
}

/** @param {Interval | null} interval @param {(value: number) => string} format */
export function intervalText(interval, format) {
  if (!interval) return null;
  const range = t("ui.number.range", { low: format(interval.low), high: format(interval.high) });
  return t("ui.number.interval", { percent: percent(interval.level), interval: range });
}

/**
 * The same number in another unit; nothing where it is not known.
 * @param {string} name @param {Estimate} estimate @param {(value: number) => string} format @param {string} [hint]
 * @returns {Detail[]}
 */
export function detailOf(name, { value, interval }, format, hint) {
  if (value === null) return [];
  const range = intervalText(interval, format);
  const words = range ? t("ui.number.detail_range", { value: format(value), range }) : format(value);
  return [[name, words, hint]];
}
