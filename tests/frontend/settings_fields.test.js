import assert from "node:assert/strict";
import { before, test } from "node:test";

import {
  FIRST,
  GROUPS,
  described,
  matters,
} from "../../frontend/js/plan/settings_fields.js";
import { OPTIONS, learnOptions } from "./browser_stub.js";

before(learnOptions);

const ENTRIES = [...FIRST, ...GROUPS.flatMap((group) => group.fields)];
const fieldOf = (name) =>
  described(ENTRIES.find((entry) => entry.name === name));
const namesFor = (context) =>
  ENTRIES.map(described)
    .filter((field) => matters(field, context))
    .map((field) => field.name);

test("every setting has a name of its own", () => {
  const names = ENTRIES.map((entry) => entry.name);
  assert.deepEqual(names, [...new Set(names)]);
});

test("a field is what the server says of it", () => {
  for (const told of OPTIONS.settings) {
    if (!ENTRIES.some((entry) => entry.name === told.name)) continue;
    const { shown: _, ...field } = fieldOf(told.name);
    assert.deepEqual(field, told);
  }
});

test("a number of seeds is the form's own, and any other name the server does not know is a mistake", () => {
  assert.equal(fieldOf("num_seeds").kind, "number");
  assert.equal(fieldOf("seeds").kind, "numbers");
  assert.throws(() => described({ name: "colour" }), /colour/);
});

test("momentum belongs to SGD and the betas to Adam", () => {
  const both = ["optimizer.momentum", "optimizer.beta1"];
  const shown = (kind) =>
    namesFor({ kind, family: "convnet" }).filter((name) => both.includes(name));
  assert.deepEqual(shown("sgd"), ["optimizer.momentum"]);
  assert.deepEqual(shown("adam"), ["optimizer.beta1"]);
  assert.deepEqual(shown("adamw"), ["optimizer.beta1"]);
});

test("only networks with branches have a depth rule", () => {
  const hasRule = (family) =>
    namesFor({ kind: "sgd", family }).includes("completep_alpha");
  assert.deepEqual(
    ["residual_mlp", "convnet", "residual_convnet", "vit", "gpt"].filter(
      hasRule,
    ),
    ["residual_mlp", "residual_convnet", "vit", "gpt"],
  );
});

test("what is of every family and optimizer always matters", () => {
  const names = namesFor({ kind: "none such", family: "none such" });
  assert.ok(names.includes("widths") && names.includes("optimizer.kind"));
  assert.ok(!names.includes("model.patch_size"));
});
