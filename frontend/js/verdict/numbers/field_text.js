/** The metric that users count in, accuracy or error, as it stands beside a number of the answer. */

import { figure, number } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { detailOf } from "./number_card.js";

/** @import { FieldStatistics, SizeStatistics } from "../../../types/answers.js" */

/** @param {SizeStatistics["field"]} field @param {"cost" | "benefit"} what */
export function fieldDetails(field, what) {
  if (!field) return [];
  const format = field.metric === "val_accuracy" ? points : figure;
  return detailOf(t(`ui.number.${what}.${nameOf(field)}`), field[what], format);
}

/** @param {FieldStatistics} field */
const nameOf = ({ metric }) => (metric === "val_accuracy" ? "accuracy" : "error");

/** A difference of shares in percentage points. @param {number} share */
function points(share) {
  return t("ui.number.points", { value: number(100 * share, { maximumFractionDigits: 2, signDisplay: "negative" }) });
}
