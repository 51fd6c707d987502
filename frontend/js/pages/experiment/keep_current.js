/** Keeps what the page of an experiment knows up to date while the experiment runs. */

import { get, isAbort } from "../../base/api.js";
import { alertOfAnswer } from "../../experiment/answer_alert.js";
import { applyMarks } from "../../experiment/progress_state.js";
import { follow } from "../../experiment/stream.js";

/** @import { Cell, Experiment, Worker } from "../../../types/answers.js" */
/** @import { ExperimentStore } from "../../../types/page.js" */
/** @import { Connection, Marks } from "../../experiment/stream.js" */

/**
 * @typedef {"data" | "progress" | "state" | "verdict"} News what has changed
 * @typedef {{look: (isUrgent: boolean) => void}} Reader of verdicts
 */

const TICK_MILLISECONDS = 1000;
const WORKERS_MILLISECONDS = 10_000;
const SOON_MILLISECONDS = 2000;
/** A hidden tab sleeps but for this question: its title says how far the experiment is, then what it answers. */
const HIDDEN_MILLISECONDS = 10_000;

/** @param {Pick<ExperimentStore, "experiment">} store */
export const isOpen = ({ experiment }) => ["queued", "running"].includes(experiment.state);

/**
 * Return what begins to keep the page current, and begins anew where it did before: a settled experiment goes on.
 * @param {ExperimentStore} store changed in place @param {(news: News) => void} tell
 * @param {Reader} reader @param {AbortSignal} signal
 */
export function keeping(store, tell, reader, signal) {
  let earlier = new AbortController();
  return () => {
    earlier.abort();
    earlier = new AbortController();
    keepCurrent(store, tell, reader, AbortSignal.any([signal, earlier.signal]));
  };
}

/**
 * Follow the stream, the clock and the workers for as long as the page is open and the experiment too.
 * @param {ExperimentStore} store changed in place @param {(news: News) => void} tell
 * @param {Reader} reader @param {AbortSignal} signal
 */
function keepCurrent(store, tell, reader, signal) {
  const keeper = new Keeper(store, tell, reader, signal);
  follow(store.experiment.id, keeper.listeners(), signal);
  const tick = () => !document.hidden && isOpen(store) && tell("progress");
  const clocks = [
    setInterval(tick, TICK_MILLISECONDS),
    setInterval(() => keeper.readWorkers(), WORKERS_MILLISECONDS),
    setInterval(() => keeper.readHidden(), HIDDEN_MILLISECONDS),
  ];
  const stop = () => {
    clocks.forEach((clock) => clearInterval(clock));
    keeper.stop();
  };
  signal.addEventListener("abort", stop, { once: true });
  keeper.readWorkers();
}

class Keeper {
  #soon = 0;

  /**
   * @param {ExperimentStore} store @param {(news: News) => void} tell
   * @param {Reader} reader @param {AbortSignal} signal
   */
  constructor(store, tell, reader, signal) {
    this.store = store;
    this.tell = tell;
    this.reader = reader;
    this.signal = signal;
    this.path = `/experiments/${store.experiment.id}`;
  }

  listeners() {
    return {
      onMarks: (/** @type {Marks} */ marks) => this.#takeMarks(marks),
      onEnd: () => this.#end(),
      onConnection: (/** @type {Connection} */ how) => {
        this.store.connection = how;
        this.tell("progress");
      },
    };
  }

  stop() {
    clearTimeout(this.#soon);
  }

  async readWorkers() {
    if (document.hidden || !isOpen(this.store)) return;
    /** @type {Worker[] | null} */
    const workers = await get("/workers", this.signal).catch(() => null);
    if (workers) this.store.numWorkers = workers.length;
    this.tell("progress"); // that nobody works is said at once, whatever else takes time
    await this.#readProgress();
  }

  async #readProgress() {
    if (document.hidden || !isOpen(this.store)) return;
    /** @type {Experiment | null} */
    const found = await get(this.path, this.signal).catch(() => null);
    if (found) this.store.experiment.progress = found.progress;
    this.tell("progress");
  }

  /** In a hidden tab nothing is followed; that the experiment has ended is found out all the same. */
  async readHidden() {
    if (!document.hidden || !isOpen(this.store)) return;
    /** @type {Experiment | null} */
    const found = await get(this.path, this.signal).catch(() => null);
    if (found === null || !document.hidden) return;
    if (isOpen({ experiment: found })) {
      this.store.experiment.progress = found.progress;
      this.tell("progress");
    } else await this.#end();
  }

  async #readExperiment() {
    const wasOpen = isOpen(this.store);
    try {
      Object.assign(this.store.experiment, await get(this.path, this.signal));
      if (!isOpen(this.store)) await this.#readCells();
      if (wasOpen && !isOpen(this.store)) alertOfAnswer(this.store.experiment, document.hidden);
      this.tell("state");
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  async #readCells() {
    /** @type {Cell[]} */
    const cells = await get(`${this.path}/cells`, this.signal);
    this.store.cells = cells;
  }

  /** @param {Marks} marks */
  async #takeMarks(marks) {
    // A later stage brings cells that this page has not heard of.
    const known = new Set(this.store.cells.map((cell) => cell.id));
    if (marks.cells.some((mark) => !known.has(mark.cell_id))) await this.#readCells().catch(() => null);
    applyMarks(this.store.cells, marks.cells);
    const isNew = marks.state !== this.store.experiment.state;
    this.tell("data");
    if (isNew) this.#readExperiment();
    this.#readProgressSoon();
    if (marks.cells.some((mark) => mark.state === "completed")) this.reader.look(false);
  }

  /** Cells have moved: what is done and left is another. Marks come faster than that is worth asking. */
  #readProgressSoon() {
    this.#soon ||= setTimeout(async () => {
      await this.#readProgress();
      this.#soon = 0;
    }, SOON_MILLISECONDS);
  }

  async #end() {
    await this.#readExperiment();
    this.reader.look(true);
    this.tell("data");
  }
}
