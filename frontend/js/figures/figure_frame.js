/** What stands around a picture: heading, tools, notes, the numbers as a table, and the whole screen. */

import { fill, h, say } from "../base/dom.js";
import { has, t } from "../base/i18n.js";
import { figureTable } from "./figure_table.js";
import { figureTools } from "./figure_tools.js";
import { notesOf } from "./screen_layout.js";

/** @import { FigureMeta } from "../../types/answers.js" */
/** @import { Layout } from "./screen_layout.js" */
/** @import { PlotElement } from "../../types/plotly.js" */

/**
 * @typedef {object} Acts
 * @property {() => void} onWhole @property {(format: "png" | "svg") => void} onPicture
 * @property {() => void} onNumbers @property {() => void} onSize
 */

/** Room that heading and notes take on a whole screen, in pixels. */
const AROUND = 260;

export class FigureFrame {
  status = h("p", { class: "hint", role: "status" });
  problem = h("div", {});
  #wait = h("p", { class: "plot-wait" }, t("ui.figure.loading"));
  #reading = h("p", { class: "hint" });
  #notes = h("ul", { class: "figure-notes" });
  #title;

  /**
   * @param {string} name of the figure @param {Acts} acts @param {(() => string) | null} table its path
   * @param {AbortSignal} signal
   */
  constructor(name, acts, table, signal) {
    this.#title = h("h3", { class: "figure-title figure-title-coming" }, expectedTitle(name));
    this.plot = /** @type {PlotElement} */ (/** @type {unknown} */ (h("div", { class: "plot", id: `figure-${name}` })));
    this.table = table && figureTable(table, signal);
    const onTable = this.table && ((/** @type {boolean} */ isOpen) => this.table?.toggle(isOpen));
    this.tools = figureTools(name, { ...acts, onTable, onLink: () => this.#copy(), onFull: () => this.#full() });
    const head = h("div", { class: "figure-head" }, this.#title, this.tools.element);
    const caption = h("figcaption", {}, this.#notes, this.#reading);
    const look = { class: "figure panel", "aria-busy": "true", data: { figure: name } };
    this.element = h(
      "figure",
      look,
      head,
      this.#wait,
      this.plot,
      this.problem,
      this.status,
      caption,
      this.table && this.table.element,
    );
    document.addEventListener("fullscreenchange", () => this.#onScreen(acts.onSize), { signal });
  }

  /** @param {boolean} isBusy */
  busy(isBusy) {
    if (!isBusy) this.#wait.hidden = true;
    this.element.setAttribute("aria-busy", String(isBusy));
  }

  /** @param {FigureMeta} meta @param {Layout} layout as the server made it @param {boolean} isZoomed */
  describe(meta, layout, isZoomed) {
    say(this.#title, meta.title);
    this.#title.classList.remove("figure-title-coming");
    say(this.#reading, meta.description);
    fill(
      this.#notes,
      notesOf(layout).map((text) => h("li", {}, text)),
    );
    this.tools.element.setAttribute("aria-label", t("ui.figure.tools", { title: meta.title }));
    this.tools.update(isZoomed);
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", `${meta.title}. ${meta.description}`);
  }

  /** The height of the picture while it fills the screen. @returns {number | undefined} */
  fullHeight() {
    return document.fullscreenElement === this.element ? Math.max(320, innerHeight - AROUND) : undefined;
  }

  /** Copy the address with all choices; where the browser does not allow that, show it to be copied. */
  async #copy() {
    try {
      await navigator.clipboard.writeText(location.href);
      say(this.status, t("ui.figure.link_copied"));
    } catch {
      const shown = h("input", { value: location.href, readonly: true, "aria-label": t("ui.figure.tool.link") });
      fill(this.status, t("ui.figure.link_shown"), " ", shown);
      shown.select();
    }
  }

  #full() {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void this.element.requestFullscreen();
  }

  #wasFull = false;

  /** Only the figure that enters or leaves the whole screen is drawn anew. @param {() => void} draw */
  #onScreen(draw) {
    const isFull = document.fullscreenElement === this.element;
    if (isFull !== this.#wasFull) draw();
    this.#wasFull = isFull;
  }
}

/**
 * A title about as long as the one that comes with the figure: it is not shown, and nothing moves when that is here.
 * @param {string} name of the figure
 */
function expectedTitle(name) {
  const metric = name.match(/^run-(.+)$/)?.[1];
  if (metric) return t("figure.run.title", { metric: t(`metric.${metric}`) });
  const key = ["", ".val_loss"].map((loss) => `figure.${name.replace("-", ".")}.title${loss}`).find(has);
  return key ? t(key) : "\u00a0";
}
