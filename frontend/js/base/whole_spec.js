/** The whole definition of an experiment as a request for another one: equal definitions, equal hashes. */

/** @import { Spec } from "../../types/answers.js" */

/**
 * Leave out what the server finds itself, and what stands for "nothing".
 * @param {Spec} spec @returns {Record<string, unknown>}
 */
export function wholeSpec({ dataset_sha256: _found, ...definition }) {
  return Object.fromEntries(Object.entries(definition).filter(([, value]) => value !== null));
}
