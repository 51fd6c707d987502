import assert from "node:assert/strict";
import { test } from "node:test";

import { inWords, settingOf } from "../../frontend/js/plan/wrong_fields.js";

test("a field of a request belongs to the setting it came from", () => {
  assert.equal(settingOf("widths[0]"), "widths");
  assert.equal(settingOf("optimizer.kind"), "optimizer.kind");
});

test("a refusal names the label that the reader sees, in both languages", () => {
  const ja = {
    field: "widths[0]",
    message: "「widths[0]」には整数を指定してください（指定値：abc）。",
  };
  assert.equal(
    inWords(ja, "幅"),
    "「幅」には整数を指定してください（指定値：abc）。",
  );
  const en = {
    field: "num_steps",
    message: "“num_steps” must be a whole number.",
  };
  assert.equal(inWords(en, "Steps"), "“Steps” must be a whole number.");
});
