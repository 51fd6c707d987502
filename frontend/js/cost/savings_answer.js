/** What was saved: one sentence, the costs side by side, and what the larger model gained. */

import { h } from "../base/dom.js";
import { duration, factor, figure, money, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { note } from "../base/note.js";
import { headCells, numberCell, scrollTable } from "../base/tables.js";

/** @import { Expense, Gain, Savings } from "../../types/answers.js" */

const SECONDS_PER_HOUR = 3600;

/** @param {Savings} found */
export function savingsAnswer(found) {
  const { saved, is_saving: isSaving, is_final: isFinal, device_ratio: ratio, gains } = found;
  const params = { factor: ratio === null ? "–" : factor(ratio), hours: signed(saved.staff_hours) };
  return [
    note(isSaving === false ? "warn" : "info", t(sentence(isSaving, ratio), params)),
    isFinal ? null : h("p", { class: "hint" }, t("ui.savings.not_final")),
    costs(found),
    gains.map(gainWords),
  ];
}

/** @param {Savings} found */
function costs({ assumptions: { currency }, direct, spent, saved }) {
  const heads = ["device", "staff", ...(direct.money === null ? [] : ["money"])];
  const row = (/** @type {string} */ name, /** @type {Expense} */ { device_hours, staff_hours, money: price }) => {
    const texts = [signed(device_hours), signed(staff_hours), ...(price === null ? [] : [money(price, currency)])];
    return h("tr", {}, h("th", { scope: "row" }, t(`ui.savings.${name}`)), texts.map(numberCell));
  };
  return scrollTable(
    t("ui.savings.title"),
    [h("td", {}), headCells(heads.map((name) => t(`ui.savings.head.${name}`)))],
    [row("direct", direct), row("spent", spent), row("saved", saved)],
  );
}

/** @param {number} hours */
const signed = (hours) => (hours < 0 ? "−" : "") + duration(Math.abs(hours) * SECONDS_PER_HOUR);

/**
 * Device time and money may disagree: then both are said. Without rates nobody can tell which weighs more.
 * @param {boolean | null} isSaving @param {number | null} ratio
 */
function sentence(isSaving, ratio) {
  if (isSaving === null) return "ui.savings.undecided";
  if (!isSaving) return "ui.savings.costs_more";
  return ratio !== null && ratio < 1 ? "ui.savings.saves_staff" : "ui.savings.saves";
}

/** Shares are read as percentages. @param {Gain["metric"]} metric @returns {(value: number) => string} */
const metricFormat = (metric) =>
  metric === "val_accuracy" ? (value) => number(value, { style: "percent", maximumFractionDigits: 1 }) : figure;

/** @param {Gain} gained */
function gainWords({ metric, base_width, width, base_value, value, gain, more_device_hours: hours }) {
  const shown = metricFormat(metric);
  const params = {
    metric: t(`ui.savings.metric.${metric}`),
    base: number(base_width, { useGrouping: false }),
    target: number(width, { useGrouping: false }),
    before: shown(base_value),
    after: shown(value),
  };
  if (gain <= 0) return h("p", {}, t("ui.savings.not_better", params));
  const price = hours > 0 ? t("ui.savings.price_of_it", { time: duration(hours * SECONDS_PER_HOUR) }) : "";
  return h("p", {}, t("ui.savings.better", params), price);
}
