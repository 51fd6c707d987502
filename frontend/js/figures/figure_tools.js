/** What can be done with a figure: whole view, table, picture, numbers, link, full screen. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { toolbar } from "../focus/toolbar.js";

/**
 * @typedef {object} Tools
 * @property {HTMLElement} element
 * @property {(isZoomed: boolean) => void} update
 */
/**
 * @typedef {object} Acts
 * @property {() => void} onWhole shows the whole figure again
 * @property {((isOpen: boolean) => void) | null} onTable null where there are no numbers to show
 * @property {(format: "png" | "svg") => void} onPicture
 * @property {() => void} onNumbers
 * @property {() => void} onLink
 * @property {() => void} onFull
 */

/** @param {string} title of the figure @param {Acts} acts @returns {Tools} */
export function figureTools(title, acts) {
  const whole = button("whole", acts.onWhole, { disabled: true });
  const tools = [
    whole,
    acts.onTable && tableButton(acts.onTable),
    button("png", () => acts.onPicture("png")),
    button("svg", () => acts.onPicture("svg")),
    acts.onTable && button("csv", acts.onNumbers),
    button("link", acts.onLink),
    document.fullscreenEnabled && button("full", acts.onFull),
  ];
  return {
    element: toolbar(h("div", { class: "tools", "aria-label": t("ui.figure.tools", { title }) }, tools)),
    update: (isZoomed) => {
      // A button out of use loses the keyboard, which stays in the row.
      if (!isZoomed && document.activeElement === whole)
        /** @type {HTMLElement | null} */ (whole.nextElementSibling)?.focus();
      whole.toggleAttribute("disabled", !isZoomed);
    },
  };
}

/** @param {(isOpen: boolean) => void} onTable */
function tableButton(onTable) {
  const table = button("table", () => {
    const isOpen = table.getAttribute("aria-expanded") !== "true";
    table.setAttribute("aria-expanded", String(isOpen));
    onTable(isOpen);
  });
  table.setAttribute("aria-expanded", "false");
  return table;
}

/** @param {string} name @param {() => void} click @param {Record<string, unknown>} [look] */
const button = (name, click, look = {}) =>
  h(
    "button",
    { type: "button", class: "tool", on: { click }, data: { tool: name }, ...look },
    t(`ui.figure.tool.${name}`),
  );
