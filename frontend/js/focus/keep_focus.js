/** A list that is drawn anew keeps the place of the keyboard. */

const CONTROLS = "a, button, input, select, summary";
const USABLE = "a[href], button:enabled, input:enabled, select:enabled, summary";

/** @param {() => void} draw replaces what holds the focus */
export function keepingFocus(draw) {
  const find = placeOf(document.activeElement);
  draw();
  const found = find();
  if (found && found !== document.activeElement) found.focus({ preventScroll: true });
}

/**
 * Have a way back to the control that has the keyboard now: to it, or where it is gone or out of use to the nearest
 * control of what it stood in.
 * @returns {() => void}
 */
export function wayBack() {
  const { activeElement: asked } = document;
  /** @type {Element[]} */
  const around = [];
  for (let each = asked?.parentElement; each && each !== document.body; each = each.parentElement) around.push(each);
  return () => {
    if (asked instanceof HTMLElement && asked.isConnected && !asked.matches(":disabled")) return asked.focus();
    const near = around.filter((each) => each.isConnected).map((each) => each.querySelector(USABLE));
    /** @type {HTMLElement | null | undefined} */ (near.find((control) => control !== null))?.focus();
  };
}

/**
 * How to find the same control again: by its id, by what it does with a selection, or by its place in a row that has
 * an id.
 * @param {Element | null} focused @returns {() => HTMLElement | null}
 */
function placeOf(focused) {
  if (!(focused instanceof HTMLElement)) return () => null;
  const { id } = focused;
  const { bulk } = focused.dataset;
  if (bulk) return () => document.querySelector(`[data-bulk="${CSS.escape(bulk)}"]`);
  if (id) return () => document.getElementById(id);
  const row = /** @type {HTMLElement | null} */ (focused.closest("[data-id]"));
  if (!row) return () => null;
  const place = [...row.querySelectorAll(CONTROLS)].indexOf(focused);
  const selector = `[data-id="${CSS.escape(row.dataset.id ?? "")}"]`;
  return () =>
    /** @type {HTMLElement | null} */ (document.querySelector(selector)?.querySelectorAll(CONTROLS)[place] ?? null);
}
