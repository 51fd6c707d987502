/** The answer of an experiment as a small mark: icon and word. */

import { h, icon } from "../base/dom.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";

/** @param {string} outcome */
export const outcomeChip = (outcome) =>
  h(
    "span",
    { class: "chip chip-outcome", data: { outcome } },
    icon(ICONS[outcome] ?? ICONS.info),
    t(`ui.outcome.short.${outcome}`),
  );
