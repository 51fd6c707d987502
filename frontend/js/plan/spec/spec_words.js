/** A whole spec in words, group by group, each value beside the one that would be proposed for the same data. */

import { specLines } from "./spec_lines.js";

/** @import { Spec } from "../../../types/answers.js" */
/** @import { Line, Task } from "./spec_lines.js" */

/**
 * @typedef {object} Said one line of a spec
 * @property {string} name in words
 * @property {string} value in words
 * @property {string | null} usual the proposal in words, where it is another; null also without a proposal
 *
 * @typedef {{name: string, lines: Said[]}} Group a catalogue key's end, and what it holds
 */

/**
 * @param {Spec} spec @param {Spec | null} proposal for the same data, where nothing is set @param {Task} task
 * @returns {Group[]}
 */
export function specWords(spec, proposal, task) {
  const groups = specLines(proposal ? [spec, proposal] : [spec], task, [spec]);
  return groups.map(({ name, lines }) => ({ name, lines: lines.map(said) }));
}

/** @param {Line} line @returns {Said} */
function said({ name, values: [value, usual], differs }) {
  return { name, value, usual: differs ? usual : null };
}
