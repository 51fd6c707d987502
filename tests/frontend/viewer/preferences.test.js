import assert from "node:assert/strict";
import { test } from "node:test";

import {
  followOtherTabs,
  forgetPreferences,
  onPreference,
  preference,
  preferences,
  setPreference,
} from "../../../frontend/js/viewer/preferences.js";
import {
  chooseReadingLevel,
  readingLevel,
  readsAsEngineer,
} from "../../../frontend/js/viewer/reading_level.js";
import { browse } from "../browser_stub.js";

test("a choice is kept in the browser and forgotten with all others", () => {
  browse("/");
  setPreference("level", "engineer");
  setPreference("rates", { currency: "EUR" });
  localStorage.setItem("other", "stays");

  assert.equal(localStorage.getItem("muscope.level"), '"engineer"');
  forgetPreferences();

  assert.deepEqual([preference("level"), preferences("rates")], [null, {}]);
  assert.equal(localStorage.getItem("other"), "stays");
});

test("what an older version or somebody else wrote is read as far as it can be", () => {
  browse("/");
  localStorage.setItem("muscope.language", "ja");
  localStorage.setItem("muscope.rates", "not json");

  assert.deepEqual([preference("language"), preferences("rates")], ["ja", {}]);
});

test("where storage is forbidden a choice lasts as long as the page", () => {
  browse("/");
  const forbidden = () => {
    throw new Error("forbidden");
  };
  const value = {
    getItem: forbidden,
    setItem: forbidden,
    removeItem: forbidden,
  };
  Object.defineProperty(globalThis, "localStorage", {
    value,
    configurable: true,
  });

  setPreference("level", "engineer");

  assert.equal(preference("level"), "engineer");
});

test("listeners hear of a change here and in another tab until they end", () => {
  browse("/");
  const heard = [];
  const life = new AbortController();
  globalThis.addEventListener = (_kind, listener) =>
    (globalThis.elsewhere = listener);
  followOtherTabs();
  onPreference("level", () => heard.push(preference("level")), life.signal);

  setPreference("level", "engineer");
  globalThis.elsewhere({ key: "muscope.level" });
  globalThis.elsewhere({ key: "not ours" });
  life.abort();
  setPreference("level", "manager");

  assert.deepEqual(heard, ["engineer", "engineer"]);
});

test("the reading level is the manager's until another is chosen", () => {
  browse("/");
  assert.deepEqual([readingLevel(), readsAsEngineer()], ["manager", false]);
  chooseReadingLevel("engineer");
  assert.deepEqual([readingLevel(), readsAsEngineer()], ["engineer", true]);
  setPreference("level", "director");
  assert.equal(readingLevel(), "manager");
});
