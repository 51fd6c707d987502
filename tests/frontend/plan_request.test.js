import assert from "node:assert/strict";
import { before, test } from "node:test";

import { setRates } from "../../frontend/js/base/hourly_rates.js";
import {
  contextOf,
  numbers,
  planRequest,
  shownValue,
  valuesOf,
} from "../../frontend/js/plan/plan_request.js";
import { FIRST, GROUPS } from "../../frontend/js/plan/settings_fields.js";
import { browse, learnOptions } from "./browser_stub.js";

before(learnOptions);

const DATASET = { id: "d1" };
const SPEC = {
  seeds: [0, 1, 2],
  optimizer: { kind: "adamw", schedule: { kind: "cosine" } },
  model: { family: "convnet" },
  arms: [
    { parametrization: "mup", lrs: [0.1, 0.2] },
    { parametrization: "sp", lrs: [0.3] },
  ],
};
const fieldOf = (name) =>
  [...FIRST, ...GROUPS.flatMap((group) => group.fields)].find(
    (field) => field.name === name,
  );
const own = (texts, more = {}) => ({ texts, ...more });
const request = (values, more = {}) =>
  planRequest(DATASET, {
    preset: "quick",
    start: "usual",
    own: { ...own({}), values },
    budget: {},
    ...more,
  });

test("numbers are read as people write them, and what is none stays for the server to refuse", () => {
  assert.deepEqual(numbers("32, 64 128"), [32, 64, 128]);
  assert.deepEqual(numbers("０．１、1e-3"), [0.1, 0.001]);
  assert.deepEqual(numbers("32, many"), [32, "many"]);
  assert.equal(numbers(" , "), null);
});

test("an untouched plan asks for its recipe and its preset only", () => {
  browse("/");
  assert.deepEqual(request({}), {
    dataset_id: "d1",
    recipe: "usual",
    preset: "quick",
  });
});

test("one's own settings fill what is empty by usual practice", () => {
  browse("/");
  assert.equal(request({}, { start: "own" }).recipe, "usual");
  assert.equal(request({}, { start: "paper" }).recipe, "paper");
});

test("what was set of an optimizer changes the recipe's, and stands alone for another kind", () => {
  browse("/");
  const usual = request({
    optimizer: { weight_decay: 0.1, schedule: { warmup_fraction: 0.2 } },
  }).optimizer;
  assert.deepEqual(
    [
      usual.kind,
      usual.weight_decay,
      usual.schedule.kind,
      usual.schedule.warmup_fraction,
    ],
    ["adam", 0.1, "cosine", 0.2],
  );
  assert.deepEqual(
    request({ optimizer: { kind: "sgd", momentum: 0.9 } }).optimizer,
    { kind: "sgd", momentum: 0.9 },
  );
});

test("a setting that the recipe's optimizer does not read is left out", () => {
  browse("/");
  const { optimizer } = request({
    optimizer: { momentum: 0.9, weight_decay: 0.1 },
  });
  assert.equal(optimizer.weight_decay, 0.1);
  assert.equal(optimizer.momentum, 0);
});

test("a family with an optimizer of its own keeps it", () => {
  browse("/");
  const texts = { "model.family": "vit" };
  const values = { optimizer: { beta2: 0.95 } };
  const own_ = { ...own(texts), values };
  assert.equal(
    request({}, { start: "paper", own: own_ }).optimizer.kind,
    "adam",
  );
});

test("a number of seeds becomes the first so many", () => {
  browse("/");
  assert.deepEqual(request({ num_seeds: 3 }).seeds, [0, 1, 2]);
  assert.deepEqual(request({ num_seeds: "few" }).seeds, ["few"]);
  assert.deepEqual(request({ num_seeds: 3, seeds: [7] }).seeds, [7]);
  assert.equal(request({ num_seeds: 10 ** 9 }).seeds.length, 10_000);
});

test("scenarios come after the data as given", () => {
  browse("/");
  const own_ = { ...own({}), scenarios: ["label_noise:0.2"] };
  const body = request({}, { own: own_ });
  assert.deepEqual(body.scenarios, ["as_given", "label_noise:0.2"]);
});

test("a budget in money takes the rate per hour along", () => {
  browse("/");
  setRates({ rate_per_hour: 200, currency: "JPY" });
  assert.deepEqual(request({}, { budget: { money: "1,000" } }).budget, {
    money: 1000,
    rate_per_hour: 200,
    currency: "JPY",
  });
});

test("settings are put where their names say", () => {
  const texts = {
    "optimizer.schedule.kind": "linear",
    widths: "8 16",
    num_steps: "40",
  };
  assert.deepEqual(valuesOf(own(texts), SPEC), {
    widths: [8, 16],
    num_steps: 40,
    optimizer: { schedule: { kind: "linear" } },
  });
});

test("settings of another optimizer or family are left out", () => {
  assert.deepEqual(valuesOf(own({ "optimizer.momentum": "0.9" }), SPEC), {});
  assert.deepEqual(
    valuesOf(
      own({ "optimizer.momentum": "0.9", "optimizer.kind": "sgd" }),
      SPEC,
    ),
    {
      optimizer: { kind: "sgd", momentum: 0.9 },
    },
  );
  assert.deepEqual(valuesOf(own({ "model.num_heads": "4" }), SPEC), {});
});

test("yes and no are sent as such", () => {
  assert.deepEqual(
    valuesOf(own({ "model.has_norm": "false", "model.family": "vit" }), SPEC),
    {
      model: { family: "vit", has_norm: false },
    },
  );
});

test("an arm with learning rates of its own names all arms", () => {
  assert.deepEqual(valuesOf(own({ "lrs.sp": "0.5" }), SPEC).arms, [
    { parametrization: "mup" },
    { parametrization: "sp", lrs: [0.5] },
  ]);
  assert.deepEqual(valuesOf(own({}, { arms: ["ntp"] }), SPEC).arms, [
    { parametrization: "ntp" },
  ]);
  assert.equal(valuesOf(own({}), SPEC).arms, undefined);
});

test("the value of a setting is found in the spec", () => {
  assert.equal(shownValue(fieldOf("num_seeds"), SPEC), 3);
  assert.equal(shownValue(fieldOf("optimizer.schedule.kind"), SPEC), "cosine");
  assert.equal(
    shownValue(fieldOf("budget.money"), { ...SPEC, budget: null }),
    undefined,
  );
});

test("before a plan was previewed, the first optimizer and the first family hold", () => {
  assert.deepEqual(contextOf({}), { kind: "sgd", family: "residual_mlp" });
  assert.deepEqual(contextOf({ "optimizer.kind": "adam" }, SPEC), {
    kind: "adam",
    family: "convnet",
  });
});
