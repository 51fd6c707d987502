import assert from "node:assert/strict";
import { before, test } from "node:test";

import { powerWords } from "../../frontend/js/plan/brought/brought_check.js";
import {
  chosenModel,
  familyChoices,
  withSize,
} from "../../frontend/js/plan/brought/brought_models.js";
import {
  contextOf,
  shownValue,
  valuesOf,
} from "../../frontend/js/plan/plan_request.js";
import { GROUPS } from "../../frontend/js/plan/settings_fields.js";
import { learnOptions, speak } from "./browser_stub.js";

before(learnOptions);

const RESNET = {
  name: "resnet",
  error: null,
  widths: [16, 32],
  depths: [2],
  adaptable: [{ layers: [] }],
};
const LLAMA = {
  ...RESNET,
  name: "llama",
  adaptable: [{ layers: [{ name: "q" }] }],
};
const BROKEN = {
  name: "broken",
  error: "no build()",
  widths: [],
  depths: [],
  adaptable: [],
};
const SPEC = {
  optimizer: { kind: "sgd" },
  model: { family: "brought", network: "resnet" },
  arms: [],
};
const CHOSEN = { "model.family": "brought:resnet" };

test("a model that cannot be trained is no choice, and one in two versions is a single one", () => {
  assert.deepEqual(familyChoices(["convnet"], [RESNET, RESNET, BROKEN]), [
    "convnet",
    "brought:resnet",
  ]);
});

test("a model with linear layers can be chosen with adapters, and its options go along", () => {
  assert.deepEqual(familyChoices([], [RESNET, LLAMA]), [
    "brought:resnet",
    "brought:llama",
    "adapted:llama",
  ]);
  const texts = {
    "model.family": "adapted:llama",
    "model.targets": "q, v",
    "model.alpha": "8",
    "model.scale": "alpha/sqrt(r)",
    "model.patch_size": "4",
  };
  assert.equal(contextOf(texts).family, "adapted");
  assert.deepEqual(valuesOf({ texts }).model, {
    family: "adapted",
    network: "llama",
    targets: ["q", "v"],
    alpha: 8,
    scale: "alpha/sqrt(r)",
  });
  const field = GROUPS.flatMap((group) => group.fields).find(
    ({ name }) => name === "model.family",
  );
  const spec = { ...SPEC, model: { family: "adapted", network: "llama" } };
  assert.equal(shownValue(field, spec), "adapted:llama");
});

test("a chosen model is asked for by its name, without the options of other families", () => {
  const texts = { ...CHOSEN, "model.patch_size": "4" };
  assert.equal(contextOf(texts).family, "brought");
  assert.deepEqual(valuesOf({ texts }).model, {
    family: "brought",
    network: "resnet",
  });
});

test("the model of an earlier plan is found and chosen again", () => {
  const field = GROUPS.flatMap((group) => group.fields).find(
    ({ name }) => name === "model.family",
  );
  assert.equal(shownValue(field, SPEC), "brought:resnet");
  assert.equal(shownValue(field, { ...SPEC, model: { family: "vit" } }), "vit");
  assert.equal(chosenModel([BROKEN, RESNET], {}, SPEC), RESNET);
  assert.equal(chosenModel([RESNET], CHOSEN), RESNET);
  assert.equal(
    chosenModel([RESNET], { "model.family": "vit" }, SPEC),
    undefined,
  );
});

test("a size joins those that are proposed or written, and leaves them", () => {
  assert.equal(withSize("", [16, 32], 8, true), "8, 16, 32");
  assert.equal(withSize("16, 64", [16, 32], 16, false), "64");
  assert.equal(withSize("64", [], 64, true), "64");
});

test("a power is said with half its band and the one that is needed, in both languages", async () => {
  const power = { measured: -0.52, low: -0.58, high: -0.46, expected: -1 };
  const unknown = { measured: null, low: null, high: null, expected: null };
  await speak("en");
  assert.equal(powerWords(power), "-0.52 ± 0.06 (-1.00)");
  assert.equal(powerWords(unknown), "not measured (–)");
  const none = { measured: -1e-8, low: -0.01, high: 0.01, expected: 0 };
  assert.equal(powerWords(none), "0.00 ± 0.01 (0.00)");
  await speak("ja");
  assert.equal(powerWords(power), "-0.52 ± 0.06（-1.00）");
});
