/** The switch between the reading levels: plain words for who decides, every number for who tunes. */

import { t } from "../base/i18n.js";
import { chooseReadingLevel, LEVELS, readingLevel } from "../viewer/reading_level.js";
import { choiceSwitch } from "./choice_switch.js";

/** @import { Level } from "../viewer/reading_level.js" */

/** @param {string} id begins the ids of its buttons */
export const levelSwitch = (id) =>
  choiceSwitch(
    id,
    t("ui.level.title"),
    LEVELS.map((level) => ({ value: level, words: t(`ui.level.${level}`), title: t(`ui.level.${level}.means`) })),
    readingLevel(),
    (level) => chooseReadingLevel(/** @type {Level} */ (level)),
  );
