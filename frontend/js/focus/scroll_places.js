/** How far down a page the reader was, kept with each entry of the browser's history, so that Back returns there. */

import { savePlace } from "../base/router.js";

const REST_MILLISECONDS = 150;
/** Parts of a page that come later make it longer; so long it is tried again to get as far down as the reader was. */
const PATIENCE_MILLISECONDS = 3000;
/** Signs that the reader goes somewhere by himself. */
const MOVES = ["wheel", "keydown", "pointerdown", "touchstart"];

let isHeld = false;

/** Note where the reader rests: the browser forgets it where a page is drawn late. @param {AbortSignal} signal */
export function keepPlaces(signal) {
  history.scrollRestoration = "manual";
  let timer = 0;
  const note = () => {
    clearTimeout(timer);
    timer = setTimeout(() => isHeld || savePlace(), REST_MILLISECONDS);
  };
  addEventListener("scroll", note, { passive: true, signal });
}

/** While a page is read and drawn, its short beginnings are no place of the reader. */
export function holdPlace() {
  isHeld = true;
}

/** Show the page as far down as it was when the reader left this entry of the history: at its top if it is new. */
export function returnToPlace() {
  const place = Number(history.state?.place ?? 0);
  scrollTo(0, place);
  isHeld = false;
  if (scrollY >= place - 1) return;
  const life = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  const moved = new AbortController();
  const signal = AbortSignal.any([life, moved.signal]);
  const watcher = new ResizeObserver(() => {
    scrollTo(0, place);
    if (scrollY >= place - 1) moved.abort();
  });
  for (const name of [...MOVES, "navigate", "popstate"])
    addEventListener(name, () => moved.abort(), { signal, passive: true });
  signal.addEventListener("abort", () => watcher.disconnect(), { once: true });
  watcher.observe(document.body);
}
