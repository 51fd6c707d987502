/** How far above the reused learning rate training diverges: measured, estimated, or only known to be further. */

import { asFactor } from "../../base/format.js";
import { t } from "../../base/i18n.js";

/** @import { SizeStatistics } from "../../../types/answers.js" */
/** @import { Shown } from "./number_card.js" */
/** @typedef {NonNullable<SizeStatistics["cliff"]>} Cliff */

/** @param {SizeStatistics} size @returns {Shown} */
export function cliffNumber({ cliff }) {
  if (!cliff) return { name: "cliff", value: null, means: t("ui.number.cliff.means") };
  const kind = kindOf(cliff);
  const factors = { stable: asFactor(cliff.stable), diverging: asFactor(cliff.diverging ?? 0) };
  return {
    name: "cliff",
    value: t(`ui.number.cliff.value.${kind}`, factors),
    interval: t(`ui.number.cliff.known.${kind}`, factors),
    means: t("ui.number.cliff.means"),
  };
}

/** @param {Cliff} cliff */
function kindOf({ diverging, is_measured: isMeasured }) {
  if (diverging === null) return "at_least";
  if (!isMeasured) return "estimated";
  return diverging > 0 ? "measured" : "here";
}
