/** A question before something is lost: what, how much, and the two ways on; Escape is "no". */

import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { wayBack } from "./keep_focus.js";

/** @import { Child } from "../../types/page.js" */

/**
 * @param {{title: string, words: Child, action: string | null, isHarmless?: boolean}} question
 *   without an action it only says why not
 * @param {() => Promise<void>} act done before the question closes; a failure is told in it
 * @param {AbortSignal} signal of the page that asks: the question goes with it
 * @returns {Promise<boolean>} whether it was done
 */
export function confirmed({ title, words, action, isHarmless = false }, act, signal) {
  const problem = h("div", {});
  const look = isHarmless ? "button-main" : "button-danger";
  const yes = h("button", { type: "button", class: `button ${look}` }, action);
  const noWords = t(action === null ? "ui.confirm.close" : "ui.confirm.no");
  const no = h("button", { type: "button", class: "button" }, noWords);
  const heading = h("h2", { id: "confirm-title" }, title);
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": heading.id },
    heading,
    h("div", { class: "stack" }, words),
    problem,
    h("div", { class: "row" }, no, action === null ? null : yes),
  );
  const goBack = wayBack();
  document.body.append(dialog);
  dialog.showModal();
  let isDone = false;
  yes.addEventListener("click", async () => {
    isDone = await tried(act, yes, problem);
    if (isDone) dialog.close();
  });
  no.addEventListener("click", () => dialog.close());
  signal.addEventListener("abort", () => dialog.close(), { once: true });
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (!signal.aborted) goBack();
      resolve(isDone);
    });
  });
}

/**
 * Act, and tell a failure in its place.
 * @param {() => Promise<void>} act @param {HTMLButtonElement} pressed @param {HTMLElement} problem
 */
async function tried(act, pressed, problem) {
  pressed.disabled = true;
  try {
    await act();
    return true;
  } catch (error) {
    fill(problem, errorNote(error));
    pressed.disabled = false;
    pressed.focus(); // a button out of use had lost it
    return false;
  }
}
