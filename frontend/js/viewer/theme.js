/** The theme: light, dark, or as the system has it. Chosen once per browser; tokens.css draws both. */

import { onPreference, preference, setPreference } from "./preferences.js";

/** @typedef {"system" | "light" | "dark"} Theme */

/** The themes, the usual one first. @type {readonly Theme[]} */
export const THEMES = ["system", "light", "dark"];

const system = matchMedia("(prefers-color-scheme: dark)");

/** Read the choice. @returns {Theme} */
export function chosenTheme() {
  const chosen = preference("theme");
  return THEMES.find((theme) => theme === chosen) ?? THEMES[0];
}

/** @param {Theme} theme */
export const chooseTheme = (theme) => setPreference("theme", theme === "system" ? null : theme);

/** The theme that is shown. @returns {"light" | "dark"} */
export function shownTheme() {
  const chosen = chosenTheme();
  if (chosen !== "system") return chosen;
  return system.matches ? "dark" : "light";
}

/** Keep the colours of the page in step with the choice. @param {AbortSignal} [signal] ends it */
export function followTheme(signal) {
  const root = document.documentElement;
  const paint = () => {
    const chosen = chosenTheme();
    if (chosen === "system") delete root.dataset.theme;
    else root.dataset.theme = chosen;
  };
  onPreference("theme", paint, signal);
  paint();
}

/**
 * Call a listener whenever another theme is shown, by choice or by the system.
 * @param {() => void} listener @param {AbortSignal} [signal] ends it
 */
export function onTheme(listener, signal) {
  let shown = shownTheme();
  const look = () => {
    if (shownTheme() === shown) return;
    shown = shownTheme();
    listener();
  };
  onPreference("theme", look, signal);
  system.addEventListener("change", look, signal ? { signal } : {});
}
