/** The tour of the finished example: a few notes beside the page, which stays usable. Escape or a button ends it. */

import { handbookOf } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { keep, placeOfTour } from "./memory.js";

/** The part of the page that each step speaks of, if the page shows it at present. */
const STEPS = [
  { name: "welcome", part: "" },
  { name: "headline", part: "#verdict" },
  { name: "numbers", part: ".numbers" },
  { name: "next", part: ".verdict-next" },
  { name: "curves", part: "[data-tab=curves]" },
  { name: "own", part: "" },
];

/**
 * Show the tour if it is on and the address is of its experiment.
 * @param {string} pathname @param {HTMLElement} parent @returns {() => void} takes it down
 */
export function tour(pathname, parent) {
  const place = placeOfTour();
  if (place === null || !pathname.includes(place.id)) return () => {};
  const panel = h("aside", { class: "tour", "aria-label": t("ui.tour.title") });
  const end = () => {
    keep(null);
    leave();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && !event.isComposing && end();
  const leave = () => {
    panel.remove();
    highlight("");
    removeEventListener("keydown", onKey);
  };
  const show = (/** @type {number} */ step) => {
    keep({ id: place.id, step });
    fill(panel, card(step, show, end));
    highlight(STEPS[step].part);
  };
  addEventListener("keydown", onKey);
  parent.append(panel);
  show(Math.min(Math.max(place.step, 0), STEPS.length - 1));
  return leave;
}

/** @param {number} step @param {(step: number) => void} show @param {() => void} end */
function card(step, show, end) {
  const { name } = STEPS[step];
  const isLast = step === STEPS.length - 1;
  const move = (/** @type {number} */ to) => () => {
    show(to);
    /** @type {HTMLElement | null} */ (document.querySelector(".tour h2"))?.focus();
  };
  return [
    h("p", { class: "hint" }, t("ui.tour.step", { step: step + 1, count: STEPS.length })),
    h("h2", { tabindex: "-1" }, t(`ui.tour.${name}.title`)),
    h("p", {}, t(`ui.tour.${name}.text`)),
    isLast ? h("a", { href: handbookOf("index.html") }, t("ui.tour.docs")) : null,
    h(
      "div",
      { class: "row" },
      step > 0 ? button(t("ui.tour.back"), move(step - 1)) : null,
      isLast ? null : button(t("ui.tour.next"), move(step + 1), "button"),
      button(t("ui.tour.end"), end),
    ),
  ];
}

/** @param {string} label @param {() => void} click @param {string} [look] */
const button = (label, click, look = "button button-quiet") =>
  h("button", { type: "button", class: look, on: { click } }, label);

/** Mark one part of the page and bring it into view; an empty selector marks none. @param {string} selector */
function highlight(selector) {
  for (const marked of document.querySelectorAll("[data-toured]")) marked.removeAttribute("data-toured");
  const part = selector ? document.querySelector(selector) : null;
  part?.setAttribute("data-toured", "");
  part?.scrollIntoView({ block: "center" });
}
