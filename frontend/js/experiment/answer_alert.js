/** A notification of the browser when the answer comes while the tab is hidden: only on wish, asked on a click. */

import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { preference, setPreference } from "../viewer/preferences.js";
import { hrefOf } from "../base/router.js";

/** @import { Experiment } from "../../types/answers.js" */
/** @typedef {"unsupported" | "denied" | "off" | "on"} AlertState */

const NAME = "notify";

/** Browsers notify only for https and this machine's own address. @returns {AlertState} */
export function alertState() {
  if (typeof Notification === "undefined" || !globalThis.isSecureContext) return "unsupported";
  if (Notification.permission === "denied") return "denied";
  return preference(NAME) === true && Notification.permission === "granted" ? "on" : "off";
}

/** Wish for notifications, or no longer; the browser asks its user where it has not yet. @param {boolean} isWished */
export async function wishAlert(isWished) {
  if (isWished && Notification.permission === "default") await Notification.requestPermission();
  setPreference(NAME, isWished && Notification.permission === "granted");
}

/** The button that turns notifications on or off, or one sentence on why there are none. */
export function alertControl() {
  const element = h("div", { class: "row alert-control" });
  const draw = () => fill(element, parts(alertState(), press));
  const press = async (/** @type {boolean} */ isWished) => {
    await wishAlert(isWished);
    draw();
    /** @type {HTMLElement | null} */ (element.querySelector("button"))?.focus();
  };
  draw();
  return element;
}

/** @param {AlertState} state @param {(isWished: boolean) => void} press */
function parts(state, press) {
  if (state === "denied" || state === "unsupported") return h("p", { class: "hint" }, t(`ui.alert.${state}`));
  const button = (/** @type {string} */ name, /** @type {boolean} */ isWished) =>
    h("button", { type: "button", class: "button", on: { click: () => press(isWished) } }, t(`ui.alert.${name}`));
  if (state === "off") return button("offer", true);
  return [h("p", { class: "hint" }, t("ui.alert.on")), button("stop", false)];
}

/**
 * Notify of an experiment that has ended, if that is wished and nobody looks; a click leads to it.
 * @param {Pick<Experiment, "id" | "name" | "outcome" | "state">} experiment @param {boolean} isHidden
 */
export function alertOfAnswer({ id, name, outcome, state }, isHidden) {
  if (!isHidden || alertState() !== "on") return;
  const words = outcome ? t(`ui.outcome.short.${outcome}`) : t(`ui.state.${state}`);
  const shown = new Notification(`${words} · ${name}`, { body: t("ui.alert.body"), tag: id });
  shown.onclick = () => {
    focus();
    if (!location.pathname.includes(id)) location.assign(hrefOf(`/experiments/${id}`));
    shown.close();
  };
}
