/** Plotly, fetched once and only when a figure comes into view; nothing it offers may leave this page. */

import { readStatic } from "../base/api.js";
import { h } from "../base/dom.js";
import { language } from "../base/i18n.js";

/** Our own Japanese words for the buttons and hints that Plotly shows. */
const JAPANESE = {
  moduleType: "locale",
  name: "ja",
  dictionary: {
    Autoscale: "自動調整",
    "Box Select": "範囲選択",
    "Double-click on legend to isolate one trace": "凡例をダブルクリックすると、その項目だけを表示します",
    "Double-click to zoom back out": "ダブルクリックで元の範囲に戻ります",
    "Download plot": "図を保存",
    "Download plot as a PNG": "PNG 形式で保存",
    "Lasso Select": "投げ縄選択",
    Pan: "移動",
    "Reset axes": "元の範囲に戻す",
    "Snapshot succeeded": "図を保存しました",
    "Sorry, there was a problem downloading your snapshot!": "図を保存できませんでした",
    "Taking snapshot - this may take a few seconds": "図を作成しています（数秒かかることがあります）",
    Zoom: "拡大",
    "Zoom in": "拡大",
    "Zoom out": "縮小",
  },
  format: { decimal: ".", thousands: ",", date: "%Y/%m/%d" },
};

/** @type {Promise<any> | null} */
let loaded = null;

/** @returns {Promise<any>} */
export function plotly() {
  loaded ??= load().catch((error) => {
    loaded = null; // let the next figure try again
    throw error;
  });
  return loaded;
}

async function load() {
  const { plotly: source, plotly_marks: marks } = await readStatic("config.json");
  takeStyles(marks);
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${source} could not be loaded`));
    document.head.append(script);
  });
  const { Plotly } = /** @type {any} */ (window);
  Plotly.register(JAPANESE);
  return Plotly;
}

/** Bring Plotly's style rules as a file, so that it writes none into the page: our policy forbids that. @param {string[]} marks */
function takeStyles(marks) {
  const own = { rel: "stylesheet", href: "/static/plotly.css", id: "plotly.js-style-global", class: "no-inline-styles" };
  document.head.append(h("link", own), ...marks.map((id) => h("meta", { id })));
}

/** How every figure behaves. */
export const plotlyConfig = () => ({
  showSendToCloud: false,
  displaylogo: false,
  plotlyServerURL: "",
  responsive: true,
  locale: language(),
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
});
