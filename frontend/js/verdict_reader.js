/** Reads the verdict again when there may be a new one, but not more often than anyone can follow. */

import { get, isAbort } from "./api.js";

const REST_MILLISECONDS = 4000;

/** @param {string} id @param {(verdict: any) => void} onVerdict @param {AbortSignal} signal */
export function verdictReader(id, onVerdict, signal) {
  let last = "";
  let timer = 0;
  const read = async () => {
    timer = 0;
    try {
      const verdict = await get(`/experiments/${id}/verdict`, signal);
      const text = JSON.stringify(verdict);
      if (text !== last) onVerdict(verdict);
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
