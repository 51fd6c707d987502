/** What can be done with an experiment: cancel, continue, clone, run again, download, delete. */

import { addressOf, post, remove } from "../base/api.js";
import { fill, h, icon } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { ICONS } from "../base/icons.js";
import { newKey } from "../base/idempotency_key.js";
import { errorNote } from "../base/note.js";
import { go } from "../base/router.js";
import { confirmed } from "../focus/confirm.js";
import { cloneLink, compareLink } from "./clone_link.js";
import { wholeSpec } from "../base/whole_spec.js";

/** @import { Experiment } from "../../types/answers.js" */
/** @import { ExperimentStore, Updating } from "../../types/page.js" */
/** @typedef {(event: Event) => void} Click */

/**
 * @param {ExperimentStore} store @param {(experiment: Experiment) => void} onChange @param {AbortSignal} signal
 * @param {HTMLElement} first what stands before the buttons, whatever the state
 * @returns {Updating}
 */
export function actions(store, onChange, signal, first) {
  const problem = h("div", {});
  const buttons = h("div", { class: "row" });
  const path = `/experiments/${store.experiment.id}`;
  const attempt = attempting(problem, signal);
  const cancel = () => cancelAfter(path, onChange, signal);
  const onward = attempt(() => continueIt(path, onChange, signal));
  const again = attempt(() => runAgain(store.experiment, signal));
  const drop = () => deleteAfter(path, signal);
  const ways = [cloneLink(store.experiment), compareLink(store.experiment)];
  let shown = "";
  const update = () => {
    const { state, is_cancelling: isCancelling } = store.experiment;
    const isOpen = ["queued", "running"].includes(state);
    const wanted = `${state}/${isCancelling}`;
    if (wanted === shown) return;
    shown = wanted;
    if (isOpen) fill(buttons, first, ways, isCancelling ? null : button("cancel", cancel));
    else
      fill(
        buttons,
        first,
        ways,
        state === "cancelled" ? button("continue", onward) : null,
        button("again", again),
        download(path),
        wholeFile(path),
        button("delete", drop, "button-quiet"),
      );
  };
  return { element: h("div", { class: "actions" }, buttons, problem), update };
}

/**
 * Make handlers that keep their button disabled while they act, and say what went wrong.
 * @param {HTMLElement} problem @param {AbortSignal} signal @returns {(act: () => Promise<void>) => Click}
 */
function attempting(problem, signal) {
  return (act) => async (event) => {
    const pressed = /** @type {HTMLButtonElement} */ (event.currentTarget);
    pressed.disabled = true;
    try {
      await act();
      fill(problem);
    } catch (error) {
      if (!signal.aborted) fill(problem, errorNote(error));
    } finally {
      pressed.disabled = false;
    }
  };
}

/** @param {Experiment} experiment @param {AbortSignal} signal */
async function runAgain({ spec, dataset_id, name }, signal) {
  const body = { dataset_id, name, ...wholeSpec(spec) };
  /** @type {Experiment} */
  const created = await post("/experiments", body, { signal, key: newKey() });
  go(`/experiments/${created.id}`);
}

/**
 * @param {string} path of the experiment @param {(experiment: Experiment) => void} onChange @param {AbortSignal} signal
 */
async function continueIt(path, onChange, signal) {
  onChange(await post(`${path}/resumption`, undefined, { signal }));
}

/**
 * Ask, since what is being computed is lost back to its last stored state.
 * @param {string} path of the experiment @param {(experiment: Experiment) => void} onChange @param {AbortSignal} signal
 */
const cancelAfter = (path, onChange, signal) =>
  confirmed(
    questionOf("cancel"),
    async () => onChange(await post(`${path}/cancellation`, undefined, { signal })),
    signal,
  );

/** @param {string} path of the experiment @param {AbortSignal} signal */
async function deleteAfter(path, signal) {
  if (await confirmed(questionOf("delete"), () => remove(path, signal), signal)) go("/");
}

/** @param {"cancel" | "delete"} name of the action */
const questionOf = (name) => ({
  title: t(`ui.action.${name}_title`),
  words: h("p", {}, t(`ui.action.${name}_lost`)),
  action: t(`ui.action.${name}_do`),
});

/** @param {string} name @param {Click} click @param {string} [look] */
const button = (name, click, look = "") =>
  h(
    "button",
    { type: "button", class: `button ${look}`, data: { action: name }, on: { click } },
    t(`ui.action.${name}`),
  );

/** @param {string} path of the experiment */
const download = (path) =>
  h(
    "a",
    { class: "button", href: addressOf(`${path}/export`), download: true },
    icon(ICONS.download),
    t("ui.action.download"),
  );

/** Everything of the experiment in one file, which another server takes in. @param {string} path */
const wholeFile = (path) =>
  h(
    "a",
    { class: "button", href: addressOf(`${path}/archive`), download: true },
    icon(ICONS.download),
    t("ui.action.whole_file"),
  );
