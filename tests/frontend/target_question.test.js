import assert from "node:assert/strict";
import { test } from "node:test";

import { effectOf } from "../../frontend/js/plan/target_question.js";
import { speak } from "./browser_stub.js";

test("a larger model without a size asks for one, and a size says what it does to the answer", async () => {
  await speak("en");
  const largest = { code: "largest", params: { width: 256, depth: 3 } };
  assert.notEqual(effectOf(largest, true), effectOf(largest));
  const far = effectOf({
    code: "too_far",
    params: { width: 4096, depth: 3, factor: 16, limit: 8 },
  });
  assert.match(far, /8/);
  assert.match(far, /16 times/);
});
