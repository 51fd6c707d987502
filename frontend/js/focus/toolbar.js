/** One stop of the Tab key for a row of buttons; arrow keys, Home and End go from one to the next. */

/** @typedef {"ArrowRight" | "ArrowLeft" | "Home" | "End"} Way */

/** The button that a key leads to; the row is a ring. @param {Way} key @param {number} at @param {number} count */
export function nextOf(key, at, count) {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return (at + (key === "ArrowRight" ? 1 : count - 1)) % count;
}

/** @param {HTMLElement} bar whose buttons are all there @returns {HTMLElement} */
export function toolbar(bar) {
  bar.setAttribute("role", "toolbar");
  const usable = () => /** @type {HTMLElement[]} */ ([...bar.querySelectorAll("button:enabled")]);
  const choose = (/** @type {Element | null} */ chosen) => {
    for (const each of bar.querySelectorAll("button")) each.tabIndex = each === chosen ? 0 : -1;
  };
  bar.addEventListener("focusin", ({ target }) => choose(/** @type {Element} */ (target)));
  bar.addEventListener("keydown", (event) => {
    const { key } = event;
    const buttons = usable();
    const at = buttons.findIndex((each) => each === document.activeElement);
    if (at < 0 || !["ArrowRight", "ArrowLeft", "Home", "End"].includes(key)) return;
    event.preventDefault(); // the page does not scroll
    buttons[nextOf(/** @type {Way} */ (key), at, buttons.length)].focus();
  });
  choose(usable()[0] ?? null);
  return bar;
}
