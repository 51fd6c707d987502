/** Plotly, fetched once; nothing it offers may leave this page. */

import { readStatic, staticOf } from "../base/api.js";
import { h } from "../base/dom.js";
import { language, t } from "../base/i18n.js";
import { ROOT } from "../base/root.js";

/** @import { PlotlyLibrary } from "../../types/plotly.js" */

/** The buttons and hints that Plotly shows, by their texts in Plotly; the catalogue has ours. */
const WORDS = {
  "Double-click on legend to isolate one trace": "ui.plotly.isolate_trace",
  "Double-click to zoom back out": "ui.plotly.zoom_back_out",
};
/**
 * How a language writes numbers and dates on an axis, where Plotly does not know it.
 * @type {Record<string, object>}
 */
const FORMATS = { ja: { decimal: ".", thousands: ",", date: "%Y/%m/%d" } };

/** @type {Promise<PlotlyLibrary> | null} */
let loaded = null;

/** Plotly, speaking the language in use. @returns {Promise<PlotlyLibrary>} */
export async function plotly() {
  loaded ??= load().catch((error) => {
    loaded = null; // let the next figure try again
    throw error;
  });
  const Plotly = await loaded;
  Plotly.register(plotlyLocale());
  return Plotly;
}

/** Load it ahead of the first figure; one that then fails says so itself. */
export const preparePlotly = () => void plotly().catch(() => null);

/** Whether it is at hand. */
export const hasPlotly = () => window.Plotly !== undefined;

/** Our words for what Plotly shows, as it registers a language. */
function plotlyLocale() {
  const dictionary = Object.fromEntries(Object.entries(WORDS).map(([word, key]) => [word, t(key)]));
  return { moduleType: "locale", name: language(), dictionary, format: FORMATS[language()] };
}

/** @returns {Promise<PlotlyLibrary>} */
async function load() {
  /** @type {{plotly: string, plotly_marks: string[]}} */
  const { plotly: file, plotly_marks: marks } = await readStatic("config.json");
  const source = ROOT + file;
  takeStyles(marks);
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${source} could not be loaded`));
    document.head.append(script);
  });
  if (!window.Plotly) throw new Error(`${source} did not bring Plotly`);
  return window.Plotly;
}

/**
 * Bring Plotly's style rules as a file, so that it writes none into the page: our policy forbids that.
 * @param {string[]} marks
 */
function takeStyles(marks) {
  const own = {
    rel: "stylesheet",
    href: staticOf("plotly.css"),
    id: "plotly.js-style-global",
    class: "no-inline-styles",
  };
  document.head.append(h("link", own), ...marks.map((id) => h("meta", { id })));
}

/** How every figure behaves. */
export const plotlyConfig = () => ({
  showSendToCloud: false,
  displaylogo: false,
  plotlyServerURL: "",
  responsive: true,
  locale: language(),
  displayModeBar: false, // our own tools stand beside the picture: a picture holds no buttons
  doubleClick: false, // the page forgets the zoom itself
});
