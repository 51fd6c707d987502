/** A row of buttons of which one is chosen. */

import { h } from "../base/dom.js";

/** @typedef {{value: string, words: string, title?: string, lang?: string}} Choice */

/**
 * @param {string} id begins the ids of the buttons, by which the focus survives that the page is drawn again
 * @param {string} label @param {Choice[]} choices @param {string} chosen @param {(value: string) => unknown} onChoose
 */
export const choiceSwitch = (id, label, choices, chosen, onChoose) =>
  h(
    "div",
    { class: "switch", role: "group", "aria-label": label },
    choices.map(({ value, words, title, lang }) => {
      const isChosen = value === chosen;
      const click = () => isChosen || onChoose(value);
      const attributes = { type: "button", id: `${id}-${value}`, "aria-pressed": String(isChosen) };
      return h("button", { ...attributes, title: title ?? null, lang: lang ?? null, on: { click } }, words);
    }),
  );
