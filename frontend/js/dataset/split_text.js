/** Ways to divide rows into training and validation, in words. */

import { t } from "../base/i18n.js";

/** @param {string} way `random`, `given`, `time:column` or `group:column` */
function parts(way) {
  const colon = way.indexOf(":");
  return colon < 0 ? { kind: way, column: "" } : { kind: way.slice(0, colon), column: way.slice(colon + 1) };
}

/** What it does. @param {string} way */
export function splitText(way) {
  const { kind, column } = parts(way);
  return t(`ui.profile.split.${kind}`, { column });
}

/** What a button says that does it. @param {string} way */
export function splitOffer(way) {
  const { kind, column } = parts(way);
  return t(`ui.profile.offer.${kind}`, { column });
}
