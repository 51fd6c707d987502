/** A question before something is lost: what, how much, and the two ways on; Escape is "no". */

import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";

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
  const yes = h("button", { type: "button", class: `button ${isHarmless ? "button-main" : "button-danger"}` }, action);
  const no = h(
    "button",
    { type: "button", class: "button" },
    t(action === null ? "ui.confirm.close" : "ui.confirm.no"),
  );
  const heading = h("h2", { id: "confirm-title" }, title);
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": heading.id },
    heading,
    h("div", { class: "stack" }, words),
    problem,
    h("div", { class: "row" }, no, action === null ? null : yes),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    let isDone = false;
    yes.addEventListener("click", async () => {
      yes.disabled = true;
      try {
        await act();
        isDone = true;
        dialog.close();
      } catch (error) {
        fill(problem, errorNote(error));
        yes.disabled = false;
      }
    });
    no.addEventListener("click", () => dialog.close());
    signal.addEventListener("abort", () => dialog.close(), { once: true });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(isDone);
    });
  });
}
