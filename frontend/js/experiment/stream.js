/** Follows an experiment: the server's stream while it works, a look every few seconds while it does not. */

import { addressOf, get, isAbort } from "../base/api.js";

/** @import { Cell, Experiment } from "../../types/answers.js" */

/**
 * @typedef {Pick<Cell, "state" | "version"> & {cell_id: string, step: number}} Mark
 * @typedef {{state: Experiment["state"], cells: Mark[]}} Marks
 * @typedef {"live" | "polling" | "lost"} Connection
 * @typedef {{onMarks: (marks: Marks) => void, onEnd: () => void, onConnection: (how: Connection) => void}} Listeners
 */

const POLL_MILLISECONDS = 5000;

/** @param {string} id @param {Listeners} on @param {AbortSignal} signal */
export function follow(id, on, signal) {
  const stream = new Stream(id, on, signal);
  document.addEventListener("visibilitychange", () => stream.open(), { signal });
  signal.addEventListener("abort", () => stream.close(), { once: true });
  stream.open();
}

/** The server's stream of one experiment, with a way around it while it is broken. */
class Stream {
  /** @type {EventSource | null} */
  #source = null;
  #timer = 0;
  #hasEnded = false;

  /** @param {string} id @param {Listeners} on @param {AbortSignal} signal */
  constructor(id, on, signal) {
    this.id = id;
    this.on = on;
    this.signal = signal;
  }

  /** Begin anew, unless there is nothing to follow or nobody looks. */
  open() {
    this.close();
    if (this.#hasEnded || document.hidden || this.signal.aborted) return;
    this.#source = new EventSource(addressOf(`/experiments/${this.id}/events`));
    this.#source.onopen = () => {
      clearInterval(this.#timer);
      this.on.onConnection("live");
    };
    this.#source.addEventListener("marks", (event) => this.on.onMarks(JSON.parse(event.data)));
    this.#source.addEventListener("end", () => this.#end());
    this.#source.onerror = () => {
      clearInterval(this.#timer);
      this.#timer = setInterval(() => this.#poll(), POLL_MILLISECONDS);
      this.#poll();
    };
  }

  close() {
    this.#source?.close();
    this.#source = null;
    clearInterval(this.#timer);
  }

  #end() {
    this.#hasEnded = true;
    this.close();
    this.on.onEnd();
  }

  /** Look by ourselves, and try the stream again if the browser gave it up. */
  async #poll() {
    if (document.hidden || this.#hasEnded) return;
    try {
      /** @type {Experiment} */
      const { state } = await get(`/experiments/${this.id}`, this.signal);
      /** @type {Cell[]} */
      const cells = await get(`/experiments/${this.id}/cells`, this.signal);
      this.on.onMarks({ state, cells: cells.map(asMark) });
      if (!["queued", "running"].includes(state)) this.#end();
      else if (this.#source?.readyState === EventSource.CLOSED) this.open();
      else this.on.onConnection("polling");
    } catch (error) {
      if (!isAbort(error)) this.on.onConnection("lost");
    }
  }
}

/** @param {Cell} cell @returns {Mark} */
function asMark({ id, state, version, committed_step: step }) {
  return { cell_id: id, state, version, step };
}
