/** The search of the documentation: cuts and ranks as the index expects. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ranked, terms } from "../../frontend/js/handbook/terms.js";

const CASES = JSON.parse(
  readFileSync(new URL("search_terms.json", import.meta.url), "utf8"),
);

test("queries are cut as the index is", () => {
  for (const [query, expected] of CASES)
    assert.deepEqual(terms(query), expected, query);
});

test("a section must hold every term, and the one that says it more often comes first", () => {
  const places = { 学習: [0, 1, 1, 5, 2, 1], 習率: [0, 1, 1, 4], seed: [3, 1] };

  assert.deepEqual(ranked(places, "学習率"), [1, 0]);
  assert.deepEqual(ranked(places, "学習率 seed"), []);
  assert.deepEqual(ranked(places, ""), []);
});

test("the last word may be the beginning of a word", () => {
  const places = { seed: [0, 1], seeds: [1, 1], sharp: [1, 1] };

  assert.deepEqual(ranked(places, "see"), [0, 1]);
  assert.deepEqual(ranked(places, "sharp see"), [1]);
  assert.deepEqual(ranked(places, "see sharp"), []);
});

test("words that objects have by themselves find nothing", () => {
  assert.deepEqual(ranked({}, "constructor"), []);
});
