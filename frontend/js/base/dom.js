/** Building elements without markup: everything a user or the server wrote goes through text nodes. */

const SVG = "http://www.w3.org/2000/svg";

/** @import { Child } from "../../types/page.js" */
/** @typedef {Record<string, (event: Event) => unknown>} Handlers */
/** @typedef {{on?: Handlers, data?: Record<string, string>} & Record<string, unknown>} Props */

/**
 * Make an element. Props: `class`, `on` ({event: handler}), `data` (data attributes), booleans, attributes.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Props} [props]
 * @param {...Child} children nodes, strings, arrays of those; null and false are left out
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, { on = {}, data = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  for (const [type, handler] of Object.entries(on)) element.addEventListener(type, handler);
  append(element, children);
  return element;
}

/** @param {HTMLElement} element @param {string} name @param {unknown} value */
function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "value") Object.assign(element, { value });
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** @param {Element} parent @param {readonly Child[]} children */
export function append(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (child instanceof Node) parent.append(child);
    else if (typeof child === "object") append(parent, child);
    else parent.append(String(child));
  }
}

/** Replace what an element holds. @param {Element} parent @param {...Child} children */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/** Set text only if it differs, so that screen readers are not told twice. @param {Element} el @param {string} text */
export function say(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/** Make an SVG icon on a 24-unit grid from path data. @param {string} path @param {string} [extra] */
export function icon(path, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  const attributes = { viewBox: "0 0 24 24", "aria-hidden": "true", class: `icon ${extra}` };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}
