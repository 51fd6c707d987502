import assert from "node:assert/strict";
import { test } from "node:test";

import {
  has,
  language,
  onLanguage,
  startLanguage,
  switchLanguage,
  t,
} from "../../frontend/js/base/i18n.js";
import { browse } from "./browser_stub.js";

const TEXTS = {
  en: { greeting: "Hello {name}, {count} new", only: "plain" },
  ja: { greeting: "{name}さん、新着{count}件", only: "素" },
};
const read = async (name) => TEXTS[name];
const start = () => startLanguage(["en", "ja"], read);

test("placeholders are filled, and unknown ones stay to be seen", async () => {
  browse("/");
  await start();
  assert.equal(t("greeting", { name: "Ada", count: 2 }), "Hello Ada, 2 new");
  assert.equal(t("greeting", { name: "Ada" }), "Hello Ada, {count} new");
});

test("an unknown key shows itself", async () => {
  browse("/");
  await start();
  assert.equal(t("no.such.key"), "no.such.key");
  assert.equal(has("no.such.key"), false);
  assert.equal(has("only"), true);
});

test("the address decides about the language before the browser does", async () => {
  browse("/?lang=ja", ["en-GB"]);
  await start();
  assert.equal(language(), "ja");
  assert.equal(document.documentElement.lang, "ja");
});

test("a browser that speaks neither language gets the first", async () => {
  browse("/?lang=xx", ["fr-FR", "de"]);
  await start();
  assert.equal(language(), "en");
});

test("a switch is remembered and tells those who listen, until they leave", async () => {
  browse("/");
  await start();
  const leaving = new AbortController();
  let calls = 0;
  onLanguage(() => (calls += 1), leaving.signal);
  await switchLanguage("ja");
  assert.equal(t("only"), "素");
  await switchLanguage("ja");
  leaving.abort();
  await switchLanguage("en");
  assert.equal(calls, 1);
  assert.equal(localStorage.getItem("muscope.language"), JSON.stringify("en"));
});
