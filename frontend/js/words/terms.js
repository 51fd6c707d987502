/** Words that explain themselves: on hover, focus or tap, from the texts that the glossary is made of. */

import { handbookOf } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { catalogueKeys, t } from "../base/i18n.js";

/** @import { Child } from "../../types/page.js" */

const LATIN = /^[\w\u00b5 ]+$/;
const LEAVE_MS = 250; // time to move the pointer from the word to its explanation

/**
 * Return a text with the first occurrence of each word of the glossary as an explanation that can be opened.
 * Not for texts inside buttons, links, labels and summaries.
 * @param {string} text @returns {Child[]}
 */
export function withTerms(text) {
  const words = wordsOfGlossary();
  if (words.size === 0) return [text];
  const seen = new Set();
  /** @type {Child[]} */
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(patternOf(words.keys()))) {
    const name = words.get(match[0]) ?? "";
    if (seen.has(name)) continue;
    seen.add(name);
    parts.push(text.slice(from, match.index), term(name, match[0]));
    from = match.index + match[0].length;
  }
  return [...parts, text.slice(from)].filter((part) => part !== "");
}

/** Words of the present language by how they are written, the name of what explains them as the value. */
function wordsOfGlossary() {
  const keys = catalogueKeys().filter((key) => key.startsWith("glossary.") && key.endsWith(".words"));
  return new Map(
    keys.flatMap((key) =>
      t(key)
        .split(",")
        .map((word) => /** @type {[string, string]} */ ([word, key.split(".")[1]])),
    ),
  );
}

/** Longer words first, and Latin ones only as whole words. @param {Iterable<string>} words */
function patternOf(words) {
  const longest = [...words].sort((a, b) => b.length - a.length);
  const quoted = longest.map((word) => (LATIN.test(word) ? `(?<![\\w\u00b5])${word}(?!\\w)` : word));
  return new RegExp(quoted.join("|"), "g");
}

/** A word with its explanation. @param {string} name @param {string} word */
function term(name, word) {
  const note = h("span", { class: "term-note", role: "status", popover: "manual" });
  const button = h("button", { type: "button", class: "term", "aria-expanded": "false" }, word);
  const whole = h("span", { class: "term-whole" }, button, note);
  let leaving = 0;
  const isOpen = () => note.isConnected && note.matches(":popover-open");
  const open = () => {
    clearTimeout(leaving);
    if (isOpen() || !note.isConnected) return;
    note.showPopover();
    fill(note, explanation(name)); // after it is shown, so that screen readers are told
    place(note, button.getBoundingClientRect());
    button.setAttribute("aria-expanded", "true");
  };
  const close = () => {
    if (isOpen()) note.hidePopover();
    fill(note);
    button.setAttribute("aria-expanded", "false");
  };
  const leave = () => {
    leaving = setTimeout(() => whole.contains(document.activeElement) || close(), LEAVE_MS);
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    event.stopPropagation();
    close();
  };
  button.addEventListener("click", open);
  whole.addEventListener("keydown", onKey);
  whole.addEventListener("focusin", open);
  whole.addEventListener("focusout", (event) => whole.contains(/** @type {Node} */ (event.relatedTarget)) || close());
  whole.addEventListener("pointerenter", open);
  whole.addEventListener("pointerleave", leave);
  return whole;
}

/** @param {string} name */
function explanation(name) {
  const title = t(`glossary.${name}.name`);
  const href = handbookOf(`glossary.html#${anchorOf(title)}`);
  return [
    h("strong", { class: "term-line" }, title),
    h("span", { class: "term-line" }, t(`glossary.${name}.meaning`)),
    h("a", { class: "term-line", href }, t("ui.term.more")),
  ];
}

/** The anchor of a heading, as the documentation makes it. @param {string} title */
export const anchorOf = (title) =>
  encodeURIComponent(
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\s-]/gu, "")
      .trim()
      .replace(/\s/g, "-"),
  );

/** Put a note below its word, or above it, inside the window. @param {HTMLElement} note @param {DOMRect} word */
function place(note, word) {
  const { width, height } = note.getBoundingClientRect();
  const left = Math.max(8, Math.min(word.left, innerWidth - width - 8));
  const below = word.bottom + 6;
  const top = below + height > innerHeight ? Math.max(8, word.top - height - 6) : below;
  Object.assign(note.style, { left: `${left}px`, top: `${top}px` });
}
