/** One figure: pulled when it is in view and something is new, drawn by Plotly, cleaned up when it leaves. */

import { getFile, getIfChanged, isAbort } from "../base/api.js";
import { fill, h, say } from "../base/dom.js";
import { language, t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { onTheme, shownTheme } from "../viewer/theme.js";
import { FigureFrame } from "./figure_frame.js";
import { hasPlotly, plotly, plotlyConfig } from "./plotly.js";
import { saveNumbers, savePicture } from "./picture.js";
import { PullPace } from "./pull_pace.js";
import { screenLayout } from "./screen_layout.js";
import { keepZoom, readZoom, zoomAfter, zoomed } from "./zoom.js";

/** @import { FigureMeta, FigureReply } from "../../types/answers.js" */
/** @import { Choosable } from "../../types/page.js" */

/** @typedef {() => [string, string][]} Wish what is to be shown, as the API takes it */
/**
 * @typedef {object} Subject the figure and its experiment
 * @property {string} [experimentId]
 * @property {string} title of the experiment
 * @property {string} name of the figure
 * @property {string} [path] where it lies, if elsewhere
 * @property {boolean} [hasTable] whether its numbers lie below that path
 */

/**
 * @param {Subject} subject @param {Wish} wish @param {(meta: FigureMeta) => void} onMeta
 * @param {(run: string) => void} onRun takes the run that somebody points out
 * @param {AbortSignal} signal
 * @returns {Choosable}
 */
export function figure(subject, wish, onMeta, onRun, signal) {
  const made = new Figure(subject, wish, onMeta, onRun, signal);
  return { element: made.element, refresh: () => made.refresh(), choose: () => made.choose() };
}

class Figure {
  /** The answer at hand. */
  #known = { question: "", etag: /** @type {string | null} */ (null) };
  /** @type {FigureReply | null} */
  #reply = null;
  #pace = new PullPace();
  #isVisible = false;
  #isStale = true;
  #isBusy = false;
  #timer = 0;
  /** Milliseconds that the library took to load, once. */
  #loading = 0;

  /**
   * @param {Subject} subject @param {Wish} wish @param {(meta: FigureMeta) => void} onMeta
   * @param {(run: string) => void} onRun @param {AbortSignal} signal
   */
  constructor({ experimentId, title, name, path, hasTable }, wish, onMeta, onRun, signal) {
    this.path = path ?? `/experiments/${experimentId}/figures/${name}`;
    this.title = title;
    this.name = name;
    this.wish = wish;
    this.onMeta = onMeta;
    this.onRun = onRun;
    this.signal = signal;
    const table = path && !hasTable ? null : () => `${this.path}/table?${this.#question()}`;
    this.frame = new FigureFrame(name, this.#acts(), table, signal);
    this.element = this.frame.element;
    this.#watch();
  }

  /** Something may be new: pull when it is in view. */
  refresh() {
    this.#isStale = true;
    this.#schedule();
  }

  /** The viewer chose something: pull at once. */
  choose() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#pace.choose();
    if (this.#isVisible) this.frame.busy(true);
    this.refresh();
  }

  #acts() {
    return {
      onWhole: () => this.#zoom({ x: null, y: null }),
      onPicture: (/** @type {"png" | "svg"} */ format) => this.#save(format),
      onNumbers: () => this.#saveNumbers(),
      onSize: () => void this.#show(),
    };
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
    onTheme(() => this.choose(), this.signal);
    const leave = () => {
      clearTimeout(this.#timer);
      watcher.disconnect();
      window.Plotly?.purge(this.frame.plot);
    };
    this.signal.addEventListener("abort", leave, { once: true });
  }

  #schedule() {
    const isIdle = this.#isStale && !this.#isBusy && !this.#timer;
    if (!isIdle || !this.#isVisible || document.hidden || this.signal.aborted) return;
    this.#timer = setTimeout(() => this.#pull(), this.#pace.wait(performance.now()));
  }

  async #pull() {
    this.#timer = 0;
    this.#isBusy = true;
    this.#isStale = false;
    this.#loading = 0;
    this.#pace.begin(performance.now());
    try {
      await this.#ask();
      fill(this.frame.problem);
    } catch (error) {
      if (isAbort(error) || this.signal.aborted) return;
      this.#fail(error);
    } finally {
      this.#pace.end(performance.now(), this.#loading);
      this.#isBusy = false;
      this.frame.busy(false);
      this.#schedule();
    }
  }

  #question() {
    return new URLSearchParams([...this.wish(), ["mode", shownTheme()]]).toString();
  }

  /** Ask for the figure and draw it, unless the one at hand still holds. */
  async #ask() {
    const wishes = this.#question();
    const question = `${language()} ${wishes}`;
    if (question !== this.#known.question) this.#known.etag = null; // an answer to another question
    /** @type {{body: FigureReply, etag: string | null} | null} */
    const answer = await getIfChanged(`${this.path}?${wishes}`, this.#known.etag, this.signal);
    if (answer) {
      this.#reply = answer.body;
      await this.#show();
      this.frame.table?.refresh();
    }
    Object.assign(this.#known, { question, etag: answer ? answer.etag : this.#known.etag });
  }

  /** @param {unknown} error */
  #fail(error) {
    const click = () => this.choose();
    fill(
      this.frame.problem,
      errorNote(error, h("button", { type: "button", class: "button", on: { click } }, t("ui.error.retry"))),
    );
    this.frame.plot.hidden = this.#known.etag === null; // an old picture is better than none
  }

  /** Draw the answer at hand. */
  async #show() {
    if (!this.#reply) return;
    const { figure: drawn, meta } = this.#reply;
    const before = performance.now();
    const isFirst = !hasPlotly();
    const Plotly = await plotly();
    if (isFirst) this.#loading = performance.now() - before;
    this.frame.plot.hidden = false;
    await new Promise(requestAnimationFrame);
    if (this.signal.aborted) return;
    const zoom = readZoom(this.name);
    const made = /** @type {import("./screen_layout.js").Layout} */ (drawn.layout);
    const layout = screenLayout(zoomed(made, zoom), this.frame.fullHeight());
    const isNew = !this.frame.plot.classList.contains("js-plotly-plot");
    await Plotly.react(this.frame.plot, drawn.data, layout, plotlyConfig());
    if (isNew) this.#listen(this.frame.plot);
    this.frame.describe(meta, made, zoom.x !== null || zoom.y !== null);
    this.onMeta(meta);
  }

  /** Follow what the viewer does with the picture. @param {import("../../types/plotly.js").PlotElement} plot */
  #listen(plot) {
    plot.on("plotly_relayout", (change) => {
      const before = readZoom(this.name);
      const after = zoomAfter(before, change);
      if (JSON.stringify(after) !== JSON.stringify(before)) this.#zoom(after);
    });
    plot.on("plotly_doubleclick", () => this.#zoom({ x: null, y: null }));
    plot.on("plotly_click", ({ points }) => {
      const run = runOf(points?.[0]);
      if (run) this.onRun(run);
    });
  }

  /** @param {import("./zoom.js").Zoom} zoom */
  #zoom(zoom) {
    keepZoom(this.name, zoom);
    void this.#show();
  }

  async #saveNumbers() {
    const title = this.#reply?.meta.title ?? this.name;
    try {
      const file = await getFile(`${this.path}/table?${this.#question()}&format=csv`, this.signal);
      saveNumbers(file, `${this.title} ${title}`);
      say(this.frame.status, t("ui.figure.numbers_saved"));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** @param {"png" | "svg"} format */
  async #save(format) {
    if (!this.#reply) return;
    const { figure: drawn, meta } = this.#reply;
    const layout = zoomed(drawn.layout, readZoom(this.name));
    try {
      await savePicture({ data: drawn.data, layout }, format, this.element.clientWidth, `${this.title} ${meta.title}`);
      say(this.frame.status, t("ui.figure.saved"));
    } catch (error) {
      this.#fail(error);
    }
  }
}

/**
 * The run that a point of a thin line belongs to: all seeds of a size are one line with gaps.
 * @param {import("../../types/plotly.js").PlotPoint | undefined} point
 * @returns {string | null}
 */
export function runOf(point) {
  const { meta, x } = point?.data ?? {};
  if (!point || !meta?.run || !x) return null;
  const gaps = x.slice(0, point.pointNumber).filter((value) => value === null).length;
  return `${meta.run}.${meta.seeds[gaps]}`;
}
