import assert from "node:assert/strict";
import { test } from "node:test";

import { tagsOf } from "../../frontend/js/labels/tags.js";

test("tags are separated as people write them, in either script", () => {
  assert.deepEqual(tagsOf("本番、2026, GPU，旧"), [
    "本番",
    "2026",
    "GPU",
    "旧",
  ]);
  assert.deepEqual(tagsOf(" , 、"), []);
  assert.deepEqual(tagsOf("two words"), ["two words"]);
});
