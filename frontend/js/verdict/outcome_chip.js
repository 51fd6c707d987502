/** The answer of an experiment as a small mark: icon and word. */

import { h, icon } from "../base/dom.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";

/** @import { Verdict } from "../../types/answers.js" */

/** @param {Verdict["outcome"]} outcome */
export const outcomeChip = (outcome) =>
  h("span", { class: "chip chip-outcome", data: { outcome } }, icon(ICONS[outcome]), t(`ui.outcome.short.${outcome}`));
