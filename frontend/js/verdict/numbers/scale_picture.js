/** A number and its interval as marks on a line whose allowed part is coloured. */

import { h } from "../../base/dom.js";

/** @typedef {{low: number, high: number}} Ends */

/** @param {Ends} line @param {number | null} value @param {Ends | null} interval @param {Ends} allowed */
export function scalePicture(line, value, interval, allowed) {
  const place = (/** @type {number} */ x) => Math.min(1, Math.max(0, (x - line.low) / (line.high - line.low)));
  const span = (/** @type {string} */ look, /** @type {Ends} */ { low, high }) => {
    const element = h("span", { class: look });
    element.style.setProperty("--from", String(place(low)));
    element.style.setProperty("--to", String(place(high)));
    return element;
  };
  return h(
    "span",
    { class: "scale" },
    span("scale-allowed", allowed),
    interval ? span("scale-interval", interval) : null,
    value === null ? null : span("scale-value", { low: value, high: value }),
  );
}
