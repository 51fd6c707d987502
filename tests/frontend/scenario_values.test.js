import assert from "node:assert/strict";
import { test } from "node:test";

import { scenarioText } from "../../frontend/js/words/scenario_text.js";
import {
  isWithin,
  limitsText,
  numberOf,
} from "../../frontend/js/plan/scenario_values.js";
import { speak } from "./browser_stub.js";

const SHARE = {
  kind: "label_noise",
  low: 0.01,
  high: 0.899,
  is_whole: false,
  names: [],
};
const BATCH = {
  kind: "batch_size",
  low: 1,
  high: 2048,
  is_whole: true,
  names: [],
};
const SCHEDULE = {
  kind: "schedule",
  low: null,
  high: null,
  is_whole: false,
  names: ["cosine"],
};

test("percentages are read as shares", () => {
  assert.equal(numberOf("20%"), "0.2");
  assert.equal(numberOf("１２．５ ％"), "0.125");
  assert.equal(numberOf("33.3%"), "0.333");
  assert.equal(numberOf(" 0.2 "), "0.2");
  assert.equal(numberOf("a lot"), "a lot");
});

test("limits themselves are allowed, anything beyond is not", () => {
  assert.equal(isWithin(SHARE, "0.899"), true);
  assert.equal(isWithin(SHARE, "0.9"), false);
  assert.equal(isWithin(SHARE, "much"), false);
  assert.equal(isWithin(BATCH, "64"), true);
  assert.equal(isWithin(BATCH, "64.5"), false);
  assert.equal(isWithin(SCHEDULE, "cosine"), true);
});

test("a limit is not rounded to one that would be refused", async () => {
  await speak("en");
  assert.match(limitsText(SHARE, "classification"), /89\.9%/);
  assert.match(limitsText(BATCH, "classification"), /2,048/);
});

test("wrong labels are a share of classes, but a distance of numbers", async () => {
  await speak("en");
  assert.match(scenarioText("label_noise:0.2", "classification"), /20%/);
  assert.doesNotMatch(scenarioText("label_noise:0.2", "regression"), /%/);
});

test("a scenario without a value needs none", () => {
  const whole = {
    kind: "step_up",
    low: null,
    high: null,
    is_whole: false,
    names: [],
    has_value: false,
  };
  assert.equal(isWithin(whole, ""), true);
});

test("steps and batches of a step up are written in full", async () => {
  await speak("en");
  const steps = {
    kind: "steps_axis",
    low: 2401,
    high: 1000000,
    is_whole: true,
    names: [],
    has_value: true,
  };
  assert.match(limitsText(steps, "classification"), /2,401.*1,000,000/);
  assert.match(scenarioText("steps_axis:2401", "classification"), /2,401/);
  assert.doesNotMatch(
    scenarioText("step_up", "classification"),
    /NaN|undefined|–/,
  );
});
