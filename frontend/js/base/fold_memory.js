/** Which folds are open, kept in the address, so that a view can be sent and outlives another language. */

import { query, remember } from "./router.js";

/** Separates names in the address. */
const COMMA = ",";

/**
 * Keep the folds in a part of the page; `apply` sets those that were drawn since.
 * @param {HTMLElement} root @param {AbortSignal} signal
 */
export function keepFolds(root, signal) {
  /** How each fold stands where nobody has touched it. @type {Map<string, boolean>} */
  const usual = new Map();
  const onToggle = (/** @type {Event} */ { target }) => {
    if (!(target instanceof HTMLDetailsElement) || !usual.has(target.id)) return;
    const mark = `${target.open ? "" : "-"}${target.id}`;
    const others = marks().filter((item) => item.replace(/^-/, "") !== target.id);
    const kept = target.open === usual.get(target.id) ? others : [...others, mark];
    if (kept.join(COMMA) !== marks().join(COMMA)) remember({ folds: kept.join(COMMA) || null });
  };
  root.addEventListener("toggle", onToggle, { capture: true, signal }); // a toggle does not bubble
  const apply = () => {
    /** @type {NodeListOf<HTMLDetailsElement>} */
    const folds = root.querySelectorAll("details[id]");
    for (const fold of folds) {
      if (!usual.has(fold.id)) usual.set(fold.id, fold.open);
      const isOpen = marks().includes(fold.id) || (usual.get(fold.id) && !marks().includes(`-${fold.id}`));
      fold.open = Boolean(isOpen);
    }
  };
  return { apply };
}

/** Names of folds that do not stand as usual; one that was shut has a minus sign. */
const marks = () => (query("folds") ?? "").split(COMMA).filter(Boolean);
