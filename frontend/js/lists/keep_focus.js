/** A list that is drawn anew keeps the place of the keyboard. */

const CONTROLS = "a, button, input, select, summary";

/** @param {() => void} draw replaces what holds the focus */
export function keepingFocus(draw) {
  const find = placeOf(document.activeElement);
  draw();
  const found = find();
  if (found && found !== document.activeElement) found.focus({ preventScroll: true });
}

/**
 * How to find the same control again: by its id, or by its place in a row that has an id.
 * @param {Element | null} focused @returns {() => HTMLElement | null}
 */
function placeOf(focused) {
  if (!(focused instanceof HTMLElement)) return () => null;
  const { id } = focused;
  if (id) return () => document.getElementById(id);
  const row = /** @type {HTMLElement | null} */ (focused.closest("[data-id]"));
  if (!row) return () => null;
  const place = [...row.querySelectorAll(CONTROLS)].indexOf(focused);
  const selector = `[data-id="${CSS.escape(row.dataset.id ?? "")}"]`;
  return () =>
    /** @type {HTMLElement | null} */ (document.querySelector(selector)?.querySelectorAll(CONTROLS)[place] ?? null);
}
