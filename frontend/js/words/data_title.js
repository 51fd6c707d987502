/** How people call a dataset: a built-in by its title in their language, an upload by its name. */

import { has, t } from "../base/i18n.js";

/** @param {{name: string, example: string | null}} dataset */
export function dataTitle({ name, example }) {
  const key = `example.${example}.title`;
  return example && has(key) ? t(key) : name;
}
