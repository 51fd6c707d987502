import assert from "node:assert/strict";
import { test } from "node:test";

import { neverConfirms } from "../../frontend/js/plan/presets.js";

test("a plan that can only say no is told from one that answers", () => {
  const sizes = { code: "sizes", params: {} };
  const no = { code: "cannot_confirm", params: {} };
  assert.equal(neverConfirms({ conclusions: [no, sizes] }), true);
  const answer = { code: "answer", params: { seeds: 8 } };
  assert.equal(neverConfirms({ conclusions: [answer, sizes] }), false);
});
