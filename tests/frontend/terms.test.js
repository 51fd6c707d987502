/** Anchors of the glossary, as the documentation makes them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { anchorOf } from "../../frontend/js/words/terms.js";

test("an anchor is what the builder of the documentation makes of the heading", () => {
  assert.equal(
    decodeURIComponent(anchorOf("µP (maximal update parametrization)")),
    "µp-maximal-update-parametrization",
  );
  assert.equal(
    decodeURIComponent(anchorOf("シャープネス（鋭さ）")),
    "シャープネス鋭さ",
  );
  assert.equal(decodeURIComponent(anchorOf("学習 1 回")), "学習-1-回");
});
