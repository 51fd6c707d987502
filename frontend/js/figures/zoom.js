/** The part of a figure that the viewer looks at: kept in the address, so that it outlives whatever is drawn anew. */

import { query, remember } from "../base/router.js";

/** @typedef {{x: [number, number] | null, y: [number, number] | null}} Zoom in axis units */

const DIGITS = 5;
const AXIS = /^([xy])axis\d*\.range(?:\[([01])\])?$/;

/** @param {string} name of the figure */
const keyOf = (name) => `zoom.${name}`;

/** The zoom in the address, if it can be read. @param {string} name of the figure @returns {Zoom} */
export function readZoom(name) {
  const [x = "", y = ""] = (query(keyOf(name)) ?? "").split("_");
  return { x: pairOf(x), y: pairOf(y) };
}

/** @param {string} text @returns {[number, number] | null} */
function pairOf(text) {
  const [low, high, ...rest] = text.split(",").map(Number);
  const isRange = text !== "" && rest.length === 0 && Number.isFinite(low) && Number.isFinite(high) && low !== high;
  return isRange ? [low, high] : null;
}

/** @param {string} name of the figure @param {Zoom} zoom */
export function keepZoom(name, { x, y }) {
  const text = [x, y].map((range) => range?.map((end) => String(Number(end.toPrecision(DIGITS)))).join(",") ?? "");
  remember({ [keyOf(name)]: x || y ? text.join("_") : null });
}

/** Forget the zoom of every figure: another scale has other numbers on its axis. */
export function forgetZooms() {
  const names = [...new URLSearchParams(location.search).keys()].filter((key) => key.startsWith("zoom."));
  remember(Object.fromEntries(names.map((name) => [name, null])));
}

/**
 * The zoom after what Plotly tells of a change; columns share their axes, so that any of them may speak.
 * @param {Zoom} before @param {Record<string, unknown>} change
 * @returns {Zoom}
 */
export function zoomAfter(before, change) {
  /** @type {Record<string, number[]>} */
  const found = {};
  for (const [key, value] of Object.entries(change)) {
    const match = AXIS.exec(key);
    if (!match) continue;
    const [, axis, end] = match;
    if (end === undefined) found[axis] = Array.isArray(value) ? value.map(Number) : [];
    else (found[axis] ??= [])[Number(end)] = Number(value);
  }
  return { x: rangeOf(found.x) ?? before.x, y: rangeOf(found.y) ?? before.y };
}

/** @param {number[] | undefined} ends @returns {[number, number] | null} */
const rangeOf = (ends) => (ends?.length === 2 && ends.every(Number.isFinite) ? [ends[0], ends[1]] : null);

/**
 * A layout with the zoom in it. The revision of an axis follows the zoom: what the viewer did by hand before is
 * then no longer kept by Plotly itself, so that the zoom in the address is the only one.
 * @template {object} Layout
 * @param {Layout} layout @param {Zoom} zoom
 * @returns {Layout}
 */
export function zoomed(layout, zoom) {
  /** @type {Record<string, unknown>} */
  const changed = {};
  for (const [key, axis] of Object.entries(layout)) {
    const match = /^([xy])axis\d*$/.exec(key);
    if (!match || typeof axis !== "object") continue;
    const range = match[1] === "x" ? zoom.x : zoom.y;
    changed[key] = { ...axis, uirevision: range?.join() ?? "whole", ...(range ? { range, autorange: false } : {}) };
  }
  return { ...layout, ...changed };
}
