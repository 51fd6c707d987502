/** What the larger model brings, as a share of the achievable improvement. */

import { figure, finePercent } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { fieldDetails } from "./field_text.js";
import { intervalText } from "./number_card.js";

/** @import { LossStatistics, SizeStatistics } from "../../../types/answers.js" */
/** @import { Shown } from "./number_card.js" */

/** @param {SizeStatistics} size @param {LossStatistics} loss the one that decides @returns {Shown} */
export function benefitNumber(size, loss) {
  const { value, interval } = loss.benefit;
  const whole = achievable(loss);
  const format = (/** @type {number} */ found) => (whole === null ? figure(found) : finePercent(found / whole));
  return {
    name: "benefit",
    value: value === null ? null : format(value),
    interval: intervalText(interval, format),
    means: t(`ui.number.benefit.${whole === null ? "means_loss" : "means"}`),
    details: fieldDetails(size.field, "benefit"),
  };
}

/** The achievable improvement in units of the loss. @param {LossStatistics} loss */
function achievable({ benefit, benefit_share: share, cost, transfer_regret: regret }) {
  if (share && benefit.value) return benefit.value / share;
  return regret.value && cost.value ? cost.value / regret.value : null;
}
