import assert from "node:assert/strict";
import { test } from "node:test";

import { sizeText } from "../../frontend/js/words/size_text.js";
import { estimateText } from "../../frontend/js/verdict/numbers/estimate_text.js";
import { reasonText } from "../../frontend/js/verdict/reason_text.js";
import { overallText } from "../../frontend/js/verdict/scenarios.js";
import { speak } from "./browser_stub.js";

test("a size is its width, and its depth where that is given", async () => {
  await speak("en");
  assert.match(sizeText(1024), /1024/);
  assert.doesNotMatch(sizeText(1024), /,/);
  assert.match(sizeText(256, 6), /256.*6/);
});

test("a reason names its size in words and formats its numbers", async () => {
  await speak("en");
  const size = sizeText(1024, 2);
  const words = reasonText({
    code: "gain_loss",
    params: { loss: "val_loss", width: 1024, depth: 2, low: 1.2345 },
  });
  assert.ok(words.includes(size), words);
  assert.match(words, /1\.23\D/);
  assert.doesNotMatch(words, /val_loss/);
});

test("a reason of older rules names a width only", async () => {
  await speak("en");
  const words = reasonText({
    code: "add_seeds_about",
    params: { width: 256, add: 1200 },
  });
  assert.ok(words.includes(`at ${sizeText(256)} are`), words);
  assert.match(words, /1200/);
});

test("a reason without a sentence shows its code", async () => {
  await speak("ja");
  assert.equal(
    reasonText({ code: "no_such_code", params: {} }),
    "no_such_code",
  );
});

test("an estimate shows its interval where there is one", () => {
  const format = (value) => value.toFixed(1);
  assert.equal(
    estimateText({ value: 0.5, interval: { low: 0.2, high: 0.8 } }, format),
    "0.5 [0.2, 0.8]",
  );
  assert.equal(estimateText({ value: 0.5, interval: null }, format), "0.5");
  assert.equal(estimateText({ value: null, interval: null }, format), "–");
});

test("scenarios are summed up by where the answer holds and where it breaks", async () => {
  await speak("en");
  const answer = (scenario, outcome) => ({
    scenario,
    outcome,
    width: 256,
    depth: 2,
    axis: "width",
  });
  const all = [
    answer("label_noise:0.2", "does_not_transfer"),
    answer("subsample:0.5", "transfers"),
  ];
  const words = overallText(
    { holds_under: ["subsample:0.5"], scenarios: all, is_interim: false },
    "classification",
  );
  assert.match(words, /50%.*20%.*256/);
});
