import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { beforeEach, test } from "node:test";

import { browse } from "../browser_stub.js";

const system = Object.assign(new EventTarget(), { matches: false });
globalThis.matchMedia = () => system;
const { chooseTheme, chosenTheme, followTheme, onTheme, shownTheme } =
  await import("../../../frontend/js/viewer/theme.js");
const firstPaint = await readFile(
  new URL("../../../frontend/js/viewer/first_paint.js", import.meta.url),
  "utf-8",
);

const root = () => document.documentElement;

function start() {
  browse("/");
  document.documentElement = { dataset: {} };
  system.matches = false;
}
beforeEach(start);

test("a reader who chose nothing sees the theme of the system", () => {
  assert.equal(shownTheme(), "light");
  system.matches = true;
  assert.equal(shownTheme(), "dark");
  assert.equal(chosenTheme(), "system");
});

test("a chosen theme holds against the system and is given up by choosing the system's", () => {
  const end = new AbortController();
  followTheme(end.signal);
  system.matches = true;
  chooseTheme("light");
  assert.equal(shownTheme(), "light");
  assert.equal(root().dataset.theme, "light");
  chooseTheme("system");
  assert.equal(shownTheme(), "dark");
  assert.deepEqual(root().dataset, {});
  end.abort();
});

test("whoever draws in colours of its own hears of another theme once, and not of the same", () => {
  const end = new AbortController();
  let heard = 0;
  onTheme(() => (heard += 1), end.signal);
  chooseTheme("light"); // what the system shows already
  chooseTheme("dark");
  system.matches = true;
  system.dispatchEvent(new Event("change"));
  assert.equal(heard, 1);
  chooseTheme("system"); // dark, as before
  assert.equal(heard, 1);
  end.abort();
});

test("the first paint has the colours that the reader chose", () => {
  chooseTheme("dark");
  new Function(firstPaint)();
  assert.equal(root().dataset.theme, "dark");
});

test("the first paint leaves the colours to the system where nothing or nonsense is kept", () => {
  for (const kept of [null, '"pink"', "{"]) {
    start();
    if (kept !== null) localStorage.setItem("muscope.theme", kept);
    new Function(firstPaint)();
    assert.deepEqual(root().dataset, {});
  }
});
