/** Settle an open answer: the price first, then the same experiment goes on with more repetitions. */

import { get, post } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { about, money, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { newKey } from "../base/idempotency_key.js";
import { errorNote, note } from "../base/note.js";

/** @import { Experiment, Outlay, SettleOffer } from "../../types/answers.js" */
/** @import { Child } from "../../types/page.js" */

/**
 * The button, and what it leads to.
 * @param {Experiment} experiment @param {(experiment: Experiment) => void} onReopened it is running again
 */
export function settle({ id, name }, onReopened) {
  const path = `/experiments/${id}/settle`;
  const key = newKey();
  const offered = h("div", { class: "stack" });
  const confirmed = async () => {
    /** @type {Experiment} */
    const changed = await post(path, {}, { key });
    fill(offered);
    onReopened(changed);
  };
  const asked = async () => {
    /** @type {SettleOffer} */
    const { next_batch: batch, max_seeds: seeds, reason } = await get(path);
    const confirm = button("settle-confirm", confirmed, offered);
    fill(offered, batch && !reason ? price(batch, seeds, confirm) : refusal(reason, name, batch));
  };
  return h("div", { class: "stack" }, h("div", { class: "row" }, button("settle", asked, offered)), offered);
}

/**
 * A button that is disabled while it acts, and says what went wrong.
 * @param {"settle" | "settle-confirm"} action @param {() => Promise<void>} act @param {Element} place of the problem
 */
function button(action, act, place) {
  const click = async (/** @type {Event} */ event) => {
    const pressed = /** @type {HTMLButtonElement} */ (event.currentTarget);
    pressed.disabled = true;
    try {
      await act();
    } catch (error) {
      fill(place, errorNote(error));
    } finally {
      pressed.disabled = false;
    }
  };
  const look = action === "settle" ? "button" : "button button-main";
  const words = t(action === "settle" ? "ui.settle.button" : "ui.settle.confirm");
  return h("button", { type: "button", class: look, data: { action }, on: { click } }, words);
}

/**
 * What the next batch takes, and the button that runs it.
 * @param {Outlay} batch @param {number} seeds most of one learning rate @param {Child} go
 */
function price(batch, seeds, go) {
  return note("info", [takes(batch), " ", t("ui.settle.more", { seeds: number(seeds) })], go);
}

/** Runs of a batch, their time, and their cost where a rate was given. @param {Outlay} batch */
function takes({ num_runs, wall_seconds, money: amount, currency }) {
  const words = { runs: number(num_runs), time: about(wall_seconds) };
  const isPriced = amount !== null && currency !== null;
  return isPriced
    ? t("ui.settle.price_costs", { ...words, money: money(amount, currency) })
    : t("ui.settle.price", words);
}

/**
 * Why nothing can be settled, with the price where a budget does not cover it.
 * @param {SettleOffer["reason"]} reason @param {string} name of the experiment @param {Outlay | null} batch
 */
function refusal(reason, name, batch) {
  if (reason === "settle.budget_spent" && batch) return note("warn", [takes(batch), " ", t("ui.settle.over_budget")]);
  return note("warn", t(`error.${reason}`, { name }));
}
