/**
 * Choices of the viewer, kept in this browser: language, reading level, hourly rates, notifications, tour.
 * Never part of an experiment. Where the browser forbids storage they last as long as the page.
 */

const PREFIX = "muscope.";

/** @type {Map<string, unknown>} choices where storage is forbidden */
const held = new Map();
/** @type {Map<string, Set<() => void>>} */
const listeners = new Map();

/** Read a choice; null when none was made. @param {string} name @returns {unknown} */
export function preference(name) {
  try {
    return parsed(localStorage.getItem(PREFIX + name));
  } catch {
    return held.get(name) ?? null;
  }
}

/** @param {string | null} text older versions wrote a language without quotes */
function parsed(text) {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Keep a choice and tell who listens. @param {string} name @param {unknown} value null forgets it */
export function setPreference(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    held.set(name, value);
  }
  tell(name);
}

/** @param {string} name */
function tell(name) {
  for (const listener of [...(listeners.get(name) ?? [])]) listener();
}

/** Read a choice that is an object; empty when it is none. @param {string} name @returns {Record<string, unknown>} */
export function preferences(name) {
  const value = preference(name);
  return value !== null && typeof value === "object" ? { ...value } : {};
}

/**
 * Call a listener whenever a choice changes, in this tab or another one.
 * @param {string} name @param {() => void} listener @param {AbortSignal} [signal] ends it
 */
export function onPreference(name, listener, signal) {
  const those = listeners.get(name) ?? new Set();
  listeners.set(name, those.add(listener));
  signal?.addEventListener("abort", () => those.delete(listener));
}

/** Forget every choice of this browser. */
export function forgetPreferences() {
  for (const name of new Set([...held.keys(), ...storedNames()])) setPreference(name, null);
}

function storedNames() {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX))
      .map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

/** Follow choices made in other tabs of the browser. */
export function followOtherTabs() {
  addEventListener("storage", ({ key }) => {
    if (key?.startsWith(PREFIX)) tell(key.slice(PREFIX.length));
  });
}
