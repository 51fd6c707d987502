import assert from "node:assert/strict";
import { test } from "node:test";

import { FIRST, GROUPS } from "../../frontend/js/plan/settings_fields.js";

const FIELDS = [...FIRST, ...GROUPS.flatMap((group) => group.fields)];
const namesFor = (context) =>
  FIELDS.filter((field) => field.only?.(context)).map((field) => field.name);

test("every setting has a name of its own", () => {
  const names = FIELDS.map((field) => field.name);
  assert.deepEqual(names, [...new Set(names)]);
});

test("a choice has values, anything else has none", () => {
  for (const { kind, name, values } of FIELDS)
    assert.equal(values.length > 0, kind === "choice", name);
});

test("momentum belongs to SGD and the betas to Adam", () => {
  const sgd = namesFor({ kind: "sgd", family: "convnet" });
  const adam = namesFor({ kind: "adam", family: "convnet" });
  assert.deepEqual(sgd, ["optimizer.momentum", "optimizer.nesterov"]);
  assert.ok(
    adam.includes("optimizer.beta1") && !adam.includes("optimizer.momentum"),
  );
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
