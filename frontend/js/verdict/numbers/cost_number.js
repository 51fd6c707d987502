/** The cost of reusing the learning rate, which decides mostly: in the declared unit, then in all others. */

import { finePercent } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { fieldDetails } from "./field_text.js";
import { detailOf, intervalText } from "./number_card.js";
import { scalePicture } from "./scale_picture.js";

/** @import { Deciding, LossStatistics, SizeStatistics } from "../../../types/answers.js" */
/** @import { Detail, Shown } from "./number_card.js" */

/** The picture ends at this many times the limit. */
const REACH = 5;

/**
 * @param {SizeStatistics} size @param {LossStatistics} loss the one that decides
 * @param {Deciding} deciding @returns {Shown}
 */
export function costNumber(size, loss, deciding) {
  const { cost, limit, unit } = deciding;
  const { value, interval } = cost;
  return {
    ...costShown(deciding),
    picture: scalePicture({ low: 0, high: REACH * limit }, value, interval, { low: 0, high: limit }),
    details: [...fieldDetails(size.field, "cost"), ...otherUnit(loss, unit), ...lostBenefit(loss)],
  };
}

/** The cost in the declared unit; its limit where it decides. @param {Deciding} deciding @returns {Shown} */
export function costShown({ cost: { value, interval }, limit, unit, within, number }) {
  return {
    name: "cost",
    value: value === null ? null : finePercent(value),
    interval: intervalText(interval, finePercent),
    ...(number === "cost" ? { limit: t("ui.number.up_to", { value: finePercent(limit) }), within } : {}),
    means: t(`ui.number.cost.means.${unit}`),
  };
}

/** The unit that was not declared. @param {LossStatistics} loss @param {Deciding["unit"]} unit @returns {Detail[]} */
function otherUnit({ extra_training: extra, transfer_regret: regret }, unit) {
  if (unit === "extra_training") return detailOf(t("ui.number.cost.share"), regret, finePercent);
  return detailOf(t("ui.number.cost.extra_training"), extra, finePercent, t("ui.number.cost.assumed"));
}

/** @param {LossStatistics} loss */
const lostBenefit = ({ gain_loss: lost }) => detailOf(t("ui.number.cost.gain_loss"), lost, finePercent);
