/** What can be done with an experiment: cancel, run again, download, delete. */

import { addressOf, post, remove } from "../base/api.js";
import { fill, h, icon } from "../base/dom.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";
import { newKey } from "../base/idempotency_key.js";
import { go } from "../base/router.js";
import { errorNote } from "../base/note.js";

/** What of a spec a new experiment is asked for with. */
const REPEATED = [
  "model",
  "loss",
  "arms",
  "widths",
  "depths",
  "base_width",
  "base_depth",
  "completep_alpha",
  "optimizer",
  "seeds",
  "batch_size",
  "num_steps",
  "measure_every",
  "measure_spacing",
  "sharpness_batch_size",
  "measures",
  "sharpness_tolerance",
  "divergence_factor",
  "tail_fraction",
  "spec_seed",
  "density_grid",
];

/** @param {any} store @param {(experiment: any) => void} onChange @param {AbortSignal} signal */
export function actions(store, onChange, signal) {
  const problem = h("div", {});
  const buttons = h("div", { class: "row" });
  let shown = "";
  const attempt = (/** @type {() => Promise<void>} */ act) => async (/** @type {Event} */ event) => {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    button.disabled = true;
    try {
      await act();
      fill(problem);
    } catch (error) {
      if (!signal.aborted) fill(problem, errorNote(error));
    } finally {
      button.disabled = false;
    }
  };
  const path = `/experiments/${store.experiment.id}`;
  const cancel = attempt(async () => onChange(await post(`${path}/cancellation`, undefined, { signal })));
  const again = attempt(async () =>
    go(`/experiments/${(await post("/experiments", repeated(store.experiment), { signal, key: newKey() })).id}`),
  );
  const drop = attempt(async () => {
    if (!confirm(t("ui.action.delete_sure"))) return;
    await remove(path, signal);
    go("/");
  });
  const button = (name, act, look = "") =>
    h(
      "button",
      { type: "button", class: `button ${look}`, data: { action: name }, on: { click: act } },
      t(`ui.action.${name}`),
    );
  const update = () => {
    const { state, is_cancelling: isCancelling } = store.experiment;
    const isOpen = ["queued", "running"].includes(state);
    const wanted = `${isOpen}/${isCancelling}`;
    if (wanted === shown) return;
    shown = wanted;
    const download = h(
      "a",
      { class: "button", href: addressOf(`${path}/export`), download: "" },
      icon(ICONS.download),
      t("ui.action.download"),
    );
    if (isOpen) fill(buttons, isCancelling ? null : button("cancel", cancel));
    else fill(buttons, button("again", again), download, button("delete", drop, "button-quiet"));
  };
  return { element: h("div", { class: "actions" }, buttons, problem), update };
}

function repeated({ spec, dataset_id, name }) {
  const wishes = Object.fromEntries(REPEATED.map((key) => [key, spec[key]]));
  return { dataset_id, name, ...wishes };
}
