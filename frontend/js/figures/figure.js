/** One figure: pulled when it is in view and something is new, drawn by Plotly, cleaned up when it leaves. */

import { getIfChanged, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { language, t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { plotly, plotlyConfig } from "./plotly.js";

/** @import { FigureMeta, FigureReply } from "../../types/answers.js" */
/** @import { Refreshing } from "../../types/page.js" */

const MIN_MILLISECONDS = 500;
const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * @param {string} experimentId @param {string} name one of the experiment's figures
 * @param {() => Record<string, string>} options what is to be shown, as the API takes it
 * @param {(meta: FigureMeta) => void} onMeta @param {AbortSignal} signal
 * @returns {Refreshing}
 */
export function figure(experimentId, name, options, onMeta, signal) {
  const path = `/experiments/${experimentId}/figures/${name}`;
  const made = new Figure(name, path, options, onMeta, signal);
  return { element: made.element, refresh: () => made.refresh() };
}

class Figure {
  /** The answer at hand, and when it was asked for and how long that took. */
  #known = { question: "", etag: /** @type {string | null} */ (null), cost: 0, started: 0 };
  #isVisible = false;
  #isStale = true;
  #isBusy = false;
  #timer = 0;
  #plot;
  #problem = h("div", {});
  #wait = h("p", { class: "plot-wait" }, t("ui.figure.loading"));
  #caption = h("figcaption", { class: "hint" });

  /**
   * @param {string} name @param {string} path @param {() => Record<string, string>} options
   * @param {(meta: FigureMeta) => void} onMeta @param {AbortSignal} signal
   */
  constructor(name, path, options, onMeta, signal) {
    this.path = path;
    this.options = options;
    this.onMeta = onMeta;
    this.signal = signal;
    this.#plot = h("div", { class: "plot", id: `figure-${name}` });
    const look = { class: "figure panel", "aria-busy": "true", data: { figure: name } };
    this.element = h("figure", look, this.#wait, this.#plot, this.#problem, this.#caption);
    this.#watch();
  }

  /** Something may be new: pull when it is in view. */
  refresh() {
    this.#isStale = true;
    this.#schedule();
  }

  /** Pull while in view, in step with the page and its colours, until the page is left. */
  #watch() {
    const schedule = () => this.#schedule();
    const look = (/** @type {IntersectionObserverEntry[]} */ entries) => {
      this.#isVisible = entries[entries.length - 1].isIntersecting;
      schedule();
    };
    const watcher = new IntersectionObserver(look, { rootMargin: "200px" });
    watcher.observe(this.element);
    document.addEventListener("visibilitychange", schedule, { signal: this.signal });
    dark.addEventListener("change", () => this.refresh(), { signal: this.signal });
    const leave = () => {
      clearTimeout(this.#timer);
      watcher.disconnect();
      window.Plotly?.purge(this.#plot);
    };
    this.signal.addEventListener("abort", leave, { once: true });
  }

  #schedule() {
    const isIdle = this.#isStale && !this.#isBusy && !this.#timer;
    if (!isIdle || !this.#isVisible || document.hidden || this.signal.aborted) return;
    const { started, cost } = this.#known;
    const pause = started + Math.max(MIN_MILLISECONDS, 2 * cost) - performance.now();
    this.#timer = setTimeout(() => this.#pull(), Math.max(0, pause));
  }

  async #pull() {
    this.#timer = 0;
    this.#isBusy = true;
    this.#isStale = false;
    this.#known.started = performance.now();
    try {
      await this.#ask();
      fill(this.#problem);
    } catch (error) {
      if (isAbort(error) || this.signal.aborted) return;
      this.#fail(error);
    } finally {
      this.#known.cost = performance.now() - this.#known.started;
      this.#isBusy = false;
      this.#wait.hidden = true;
      this.element.setAttribute("aria-busy", "false");
      this.#schedule();
    }
  }

  /** Ask for the figure and draw it, unless the one at hand still holds. */
  async #ask() {
    const wishes = new URLSearchParams({ ...this.options(), mode: dark.matches ? "dark" : "light" });
    const question = `${language()} ${wishes}`;
    if (question !== this.#known.question) this.#known.etag = null; // an answer to another question
    /** @type {{body: FigureReply, etag: string | null} | null} */
    const answer = await getIfChanged(`${this.path}?${wishes}`, this.#known.etag, this.signal);
    if (answer) await this.#draw(answer.body);
    Object.assign(this.#known, { question, etag: answer ? answer.etag : this.#known.etag });
  }

  /** @param {unknown} error */
  #fail(error) {
    const click = () => this.refresh();
    fill(
      this.#problem,
      errorNote(error, h("button", { type: "button", class: "button", on: { click } }, t("ui.error.retry"))),
    );
    this.#plot.hidden = this.#known.etag === null; // an old picture is better than none
  }

  /** @param {FigureReply} reply */
  async #draw({ figure: drawn, meta }) {
    const Plotly = await plotly();
    this.#plot.hidden = false;
    await new Promise(requestAnimationFrame);
    if (this.signal.aborted) return;
    await Plotly.react(this.#plot, drawn.data, transparent(drawn.layout), plotlyConfig());
    this.#plot.setAttribute("role", "img");
    this.#plot.setAttribute("aria-label", `${meta.title}. ${meta.description}`);
    fill(this.#caption, meta.description);
    this.onMeta(meta);
  }
}

/** Let the page's own background show through. @param {object} layout */
const transparent = (layout) => ({ ...layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" });
