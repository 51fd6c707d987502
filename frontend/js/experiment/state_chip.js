/** Where an experiment stands, as a small mark. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";

/** @param {string} state */
export const stateChip = (state) => h("span", { class: `chip state-${state}` }, t(`ui.state.${state}`));
