/**
 * The keyboard's way between a chosen entry of a list and what can be done with all that are chosen: a button beside
 * the entry leads to the actions, Escape leads back, and so does whatever takes the actions away.
 */

import { h, say } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/i18n.js";

export class WayToActions {
  /** Tells a screen reader how many are chosen and where the actions are; there from the start, so that it is heard. */
  status = h("p", { class: "visually-hidden", role: "status", id: "chosen-status" });
  /** The place of the actions; empty while nothing is chosen. */
  place = h("div", { class: "bulk-place" });
  /** The entry that the keyboard was on last. */
  #last = { id: "", index: 0 };

  /** @param {HTMLElement} list holds the entries, rows with `data-id` */
  constructor(list) {
    this.list = list;
    list.addEventListener("focusin", ({ target }) => {
      const index = this.#rows().findIndex((row) => row.contains(/** @type {Node} */ (target)));
      if (index >= 0) this.#last = { id: this.#rows()[index].dataset.id ?? "", index };
    });
    this.place.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) this.#back();
    });
  }

  /** The button beside a chosen entry; it is seen while it has the keyboard. @param {number} count of the chosen */
  button(count) {
    const click = () => /** @type {HTMLElement | null} */ (this.place.querySelector("button:enabled"))?.focus();
    const look = { type: "button", class: "to-actions visually-hidden", data: { toActions: "" }, on: { click } };
    return h("button", look, t("ui.bulk.to_actions", { count: number(count) }));
  }

  /**
   * Draw the list and the actions anew; where the actions had the keyboard and are gone, the list gets it.
   * @param {() => void} draw @param {number} count of the chosen
   */
  redraw(draw, count) {
    const wasHere = this.place.contains(document.activeElement);
    draw();
    say(this.status, count ? t("ui.bulk.announced", { count: number(count) }) : "");
    if (wasHere && !this.place.contains(document.activeElement)) this.#back();
  }

  /** To the entry that was left; if it is gone, to the one in its place, or to the search. */
  #back() {
    const rows = this.#rows();
    const row = rows.find(({ dataset }) => dataset.id === this.#last.id) ?? rows[rowInPlace(this.#last.index, rows)];
    const control = row?.querySelector("input") ?? document.getElementById("list-search");
    control?.focus();
  }

  #rows() {
    return /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("[data-id]")]);
  }
}

/** @param {number} index that a row had @param {readonly unknown[]} rows that are left */
const rowInPlace = (index, rows) => Math.min(index, rows.length - 1);
