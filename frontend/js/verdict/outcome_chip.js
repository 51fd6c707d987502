/** Small marks of where an experiment stands, and of its answer. */

import { h, icon } from "../base/dom.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";

/** @param {string} state */
export const stateChip = (state) => h("span", { class: `chip state-${state}` }, t(`ui.state.${state}`));

/** @param {string} outcome */
export const outcomeChip = (outcome) =>
  h("span", { class: "chip chip-outcome", data: { outcome } }, icon(ICONS[outcome] ?? ICONS.info), t(`ui.outcome.short.${outcome}`));
