/** The switch between the reading levels: plain words for who decides, every number for who tunes. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { chooseReadingLevel, LEVELS, readingLevel } from "../base/reading_level.js";

/** @import { Level } from "../base/reading_level.js" */

/** @param {string} id begins the ids of its buttons, by which the focus survives that the page is drawn again */
export const levelSwitch = (id) =>
  h(
    "div",
    { class: "switch", role: "group", "aria-label": t("ui.level.title") },
    LEVELS.map((level) => button(`${id}-${level}`, level)),
  );

/** @param {string} id @param {Level} level */
function button(id, level) {
  const isChosen = level === readingLevel();
  const click = () => isChosen || chooseReadingLevel(level);
  const attributes = { type: "button", id, title: t(`ui.level.${level}.means`), "aria-pressed": String(isChosen) };
  return h("button", { ...attributes, on: { click } }, t(`ui.level.${level}`));
}
