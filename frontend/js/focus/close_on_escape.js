/** A list of choices that Escape closes, with the keyboard back on its heading. */

/** @param {HTMLDetailsElement} list @param {HTMLElement} summary its heading */
export function closeOnEscape(list, summary) {
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || !list.open) return;
    event.stopPropagation();
    list.open = false;
    summary.focus();
  });
}
