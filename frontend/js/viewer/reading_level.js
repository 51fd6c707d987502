/** The reading level: plain words for who decides, or every number for who tunes. Chosen once per browser. */

import { preference, setPreference } from "./preferences.js";

/** @typedef {"manager" | "engineer"} Level */

/** The levels, the usual one first. @type {readonly Level[]} */
export const LEVELS = ["manager", "engineer"];

/** @returns {Level} */
export function readingLevel() {
  const chosen = preference("level");
  return LEVELS.find((level) => level === chosen) ?? LEVELS[0];
}

/** Tell whether the reader wants rates, methods of statistics and intervals. */
export const readsAsEngineer = () => readingLevel() === "engineer";

/** @param {Level} level */
export const chooseReadingLevel = (level) => setPreference("level", level);
