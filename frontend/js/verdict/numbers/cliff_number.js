/** How far above the reused learning rate training diverges: measured, estimated, or only known to be further. */

import { asFactor } from "../../base/format.js";
import { t } from "../../base/i18n.js";

/** @import { Deciding, SizeStatistics, Verdict } from "../../../types/answers.js" */
/** @import { Shown } from "./number_card.js" */
/** @typedef {NonNullable<SizeStatistics["cliff"]>} Cliff */
/** @typedef {Pick<Verdict["thresholds"], "min_margin">} Limits */

/**
 * @param {Pick<SizeStatistics, "cliff">} size @param {Pick<Deciding, "number"> | null} deciding
 * @param {Limits} thresholds @returns {Shown}
 */
export function cliffNumber({ cliff }, deciding, thresholds) {
  if (!cliff) return { name: "cliff", value: null, means: t("ui.number.cliff.means") };
  const kind = kindOf(cliff);
  const factors = { stable: asFactor(cliff.stable ?? 0), diverging: asFactor(cliff.diverging ?? 0) };
  return {
    name: "cliff",
    value: t(`ui.number.cliff.value.${kind}`, factors),
    interval: t(`ui.number.cliff.known.${kind}`, factors),
    means: t("ui.number.cliff.means"),
    ...(deciding?.number === "cliff" ? broken(thresholds) : {}),
  };
}

/** Its limit, where it decides, which it does only when it is too short. @param {Limits} limits */
const broken = ({ min_margin: least }) => ({
  limit: t("ui.number.cliff.allowed", { factor: asFactor(least) }),
  within: /** @type {const} */ ("no"),
});

/** @param {Cliff} cliff */
function kindOf({ diverging, is_measured: isMeasured }) {
  if (diverging === null) return "at_least";
  if (!isMeasured) return "estimated";
  return diverging > 0 ? "measured" : "here";
}
