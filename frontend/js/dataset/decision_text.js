/** Decisions about reading a file, in words: the name of an option, and its values. */

import { has, t } from "../base/i18n.js";
import { splitText } from "./split_text.js";

/** @param {string} option */
export const nameOf = (option) => (has(`decision.${option}`) ? t(`decision.${option}`) : option);

/** A table by the cell it begins in, with its first names. @param {readonly string[]} examples @param {string} cell */
const tableText = (examples, cell) => examples.find((each) => each.startsWith(`${cell}:`)) ?? cell;

/**
 * A value in words, where it is a code.
 * @param {string} option @param {string} value @param {readonly string[]} [examples]
 */
export function valueText(option, value, examples = []) {
  const say = SAYINGS[option];
  if (say) return say(value, examples);
  if (has(`decision.${option}.${value}`)) return t(`decision.${option}.${value}`);
  return BLANKS[value] ? t(`decision.delimiter.${BLANKS[value]}`) : value;
}

/** Separators that cannot be seen, also as choices write them. @type {Record<string, string>} */
const BLANKS = { "\t": "tab", "\\t": "tab", " ": "space", space: "space" };

/** @type {Record<string, (value: string, examples: readonly string[]) => string>} */
const SAYINGS = {
  area: (value, examples) => tableText(examples, value),
  header: (row) => (row === "0" ? t("decision.header.none") : t("decision.header.row", { row })),
  task: (value) => t(`ui.task.${value}`),
  split: splitText,
  missing: (value) => (value === "" ? t("decision.missing.number") : t("decision.missing.value", { value })),
};
