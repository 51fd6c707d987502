/** Reads the verdicts again when there may be a new one, but not more often than anyone can follow. */

import { get, isAbort } from "../base/api.js";

/** @import { Verdicts } from "../../types/answers.js" */

const REST_MILLISECONDS = 4000;

/**
 * @param {string} id @param {(answers: Verdicts) => void} onAnswers all verdicts, and the one over them
 * @param {AbortSignal} signal
 */
export function verdictReader(id, onAnswers, signal) {
  let last = "";
  let timer = 0;
  const read = async () => {
    timer = 0;
    try {
      /** @type {Verdicts} */
      const answers = await get(`/experiments/${id}/verdicts`, signal);
      const text = JSON.stringify(answers);
      if (text !== last) onAnswers(answers);
      last = text;
    } catch (error) {
      if (isAbort(error)) return; // no verdict yet, or no connection: the next look may find one
    }
  };
  const look = (/** @type {boolean} */ isUrgent) => {
    if (isUrgent) clearTimeout(timer);
    else if (timer || document.hidden) return;
    timer = setTimeout(read, isUrgent ? 0 : REST_MILLISECONDS);
  };
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return { look };
}
