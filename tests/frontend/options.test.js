import assert from "node:assert/strict";
import { before, test } from "node:test";

import {
  options,
  setting,
  startOptions,
  valuesOfSetting,
} from "../../frontend/js/base/options.js";
import { OPTIONS, learnOptions } from "./browser_stub.js";

before(learnOptions);

test("the options are what the server answered, asked once", async () => {
  globalThis.fetch = () => assert.fail("asked again");
  await startOptions(new AbortController().signal);
  assert.deepEqual(options(), OPTIONS);
});

test("a setting is found by its path into the request", () => {
  assert.deepEqual(setting("model.patch_size").families, ["vit"]);
  assert.equal(setting("colour"), undefined);
});

test("a choice has its values, anything else has none", () => {
  assert.deepEqual(valuesOfSetting("preset"), [
    "quick",
    "standard",
    "thorough",
  ]);
  assert.deepEqual(valuesOfSetting("budget.currency"), ["JPY", "USD"]);
  assert.deepEqual(valuesOfSetting("num_steps"), []);
  for (const { name, kind, values } of OPTIONS.settings)
    assert.equal(values.length > 0, kind === "choice", name);
});
