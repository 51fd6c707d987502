/** Follows an experiment: the server's stream while it works, a look every few seconds while it does not. */

import { addressOf, get, isAbort } from "../base/api.js";

const POLL_MILLISECONDS = 5000;

/**
 * @typedef {{cell_id: string, state: string, version: number, step: number}} Mark
 * @typedef {{state: string, cells: Mark[]}} Marks
 * @param {string} id
 * @param {{onMarks: (marks: Marks) => void, onEnd: () => void, onConnection: (how: "live" | "polling" | "lost") => void}} on
 * @param {AbortSignal} signal
 */
export function follow(id, on, signal) {
  /** @type {EventSource | null} */
  let source = null;
  let timer = 0;
  let hasEnded = false;

  const close = () => {
    source?.close();
    source = null;
    clearInterval(timer);
  };
  const end = () => {
    hasEnded = true;
    close();
    on.onEnd();
  };
  const open = () => {
    close();
    if (hasEnded || document.hidden || signal.aborted) return;
    source = new EventSource(addressOf(`/experiments/${id}/events`));
    source.onopen = () => {
      clearInterval(timer);
      on.onConnection("live");
    };
    source.addEventListener("marks", (event) => on.onMarks(JSON.parse(event.data)));
    source.addEventListener("end", end);
    source.onerror = () => {
      clearInterval(timer);
      timer = setInterval(poll, POLL_MILLISECONDS);
      poll();
    };
  };
  /** Look by ourselves, and try the stream again if the browser gave it up. */
  const poll = async () => {
    if (document.hidden || hasEnded) return;
    try {
      const experiment = await get(`/experiments/${id}`, signal);
      const cells = await get(`/experiments/${id}/cells`, signal);
      on.onMarks({ state: experiment.state, cells: cells.map(asMark) });
      if (!["queued", "running"].includes(experiment.state)) end();
      else if (source?.readyState === EventSource.CLOSED) open();
      else on.onConnection("polling");
    } catch (error) {
      if (!isAbort(error)) on.onConnection("lost");
    }
  };
  document.addEventListener("visibilitychange", open, { signal });
  signal.addEventListener("abort", close, { once: true });
  open();
}

/** @param {any} cell @returns {Mark} */
function asMark(cell) {
  return { cell_id: cell.id, state: cell.state, version: cell.version, step: cell.committed_step };
}
