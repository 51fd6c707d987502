import assert from "node:assert/strict";
import { test } from "node:test";

import { nextOf } from "../../frontend/js/focus/toolbar.js";

test("arrow keys go round a row of buttons, Home and End to its ends", () => {
  assert.equal(nextOf("ArrowRight", 0, 3), 1);
  assert.equal(nextOf("ArrowRight", 2, 3), 0);
  assert.equal(nextOf("ArrowLeft", 0, 3), 2);
  assert.equal(nextOf("Home", 2, 3), 0);
  assert.equal(nextOf("End", 0, 3), 2);
});
