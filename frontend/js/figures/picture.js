/** A figure as a picture of its own: opaque, in the colours of the page, with its heading and notes. */

import { h } from "../base/dom.js";
import { plotly, plotlyConfig } from "./plotly.js";

const LEAST_WIDTH = 900;
const PIXELS = 2;

/**
 * Have the browser save it.
 * @param {{data: object[], layout: Record<string, unknown>}} drawn as the server made it, with the zoom
 * @param {"png" | "svg"} format @param {number} width of the figure on the page @param {string} name of the file
 */
export async function savePicture({ data, layout }, format, width, name) {
  const Plotly = await plotly();
  const size = { width: Math.max(LEAST_WIDTH, Math.round(width)), height: Number(layout.height) };
  const scale = format === "png" ? PIXELS : 1;
  const url = await Plotly.toImage({ data, layout, config: plotlyConfig() }, { format, ...size, scale });
  h("a", { href: url, download: `${fileName(name)}.${format}` }).click();
}

/** Have the browser save numbers. @param {Blob} file @param {string} name */
export function saveNumbers(file, name) {
  const url = URL.createObjectURL(file);
  h("a", { href: url, download: `${fileName(name)}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click
}

/** A name that every file system takes. @param {string} name */
export const fileName = (name) =>
  name
    .replace(/[\\/:*?"<>|\p{Cc}]+/gu, " ")
    .trim()
    .slice(0, 120) || "figure";
