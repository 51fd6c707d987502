import assert from "node:assert/strict";
import { test } from "node:test";

import { advice } from "../../frontend/js/dataset/advice.js";
import { preprocessing } from "../../frontend/js/dataset/preprocessing.js";
import { merged } from "../../frontend/js/dataset/reading.js";
import { speak } from "./browser_stub.js";
import { drawInNode } from "./page_stub.js";

const warning = (code, params, severity = "warn", offers = {}) => ({
  code: `dataset.${code}`,
  params,
  severity,
  offers,
});
const DRIFT = warning(
  "drifts_over_time",
  { column: "sold on", percent: 12, label: "price" },
  "warn",
  { split: "time:sold on" },
);
const SKEWED = warning(
  "skewed_label",
  { column: "price", skewness: 6.1 },
  "info",
  {
    log_target: true,
  },
);
const split = (value, is_guessed = true) => ({
  option: "split",
  value,
  is_guessed,
  is_question: false,
  choices: ["random", value],
  examples: [],
});

function datasetOf(
  warnings,
  { decisions = [], isLog = false, example, options = {} } = {},
) {
  return {
    id: "d1",
    example: example ?? null,
    shape: { task: "regression", is_log_label: isLog },
    profile: { label: "price", recipe: { options }, decisions, warnings },
  };
}

/** Answer the next request, and remember what was asked. */
function serve(t, status, body) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url, { method, body: sent }) => {
    asked.push([method ?? "GET", url, sent && JSON.parse(sent)]);
    return Response.json(body, { status });
  });
  return asked;
}

const { signal } = new AbortController();

/** Draw the advice into one element, as the profile does. */
async function draw(dataset, onVariant = () => {}, language = "en") {
  await speak(language);
  drawInNode();
  const box = document.createElement("div");
  box.append(...[advice(dataset, onVariant, signal)].flat().filter(Boolean));
  return box;
}

test("what asks for attention stands before what is good to know", async () => {
  const box = await draw(datasetOf([DRIFT, SKEWED]));
  const [grave, rest] = box.children;
  assert.match(grave.text, /check these points.*changes along the time/);
  assert.match(rest.text, /Good to know.*skewness 6\.1/);
});

test("a dataset without advice says so", async () => {
  assert.match((await draw(datasetOf([]))).text, /No problems were found/);
});

test("advice is followed by a button that keeps what was chosen", async (t) => {
  const asked = serve(t, 201, { id: "d2" });
  const read = [];
  const options = { delimiter: ";", split: "group:seller" };
  const box = await draw(datasetOf([DRIFT, SKEWED], { options }), (variant) =>
    read.push(variant.id),
  );
  const [byTime, byLog] = box.having("action");
  assert.deepEqual(
    [byTime, byLog].map(({ text }) => text),
    ["Split by the time in “sold on”", "Use the logarithm"],
  );
  await byTime.click();
  await byLog.click();
  const kept = { delimiter: ";", columns: {} };
  assert.deepEqual(asked, [
    [
      "POST",
      "/api/v1/datasets/d1/variants",
      { ...kept, split: "time:sold on" },
    ],
    [
      "POST",
      "/api/v1/datasets/d1/variants",
      { ...kept, split: "group:seller", log_target: true },
    ],
  ]);
  assert.deepEqual(read, ["d2", "d2"]);
});

test("why advice cannot be followed is said beside it", async (t) => {
  serve(t, 400, { error: { code: "x", message: "It has one time only." } });
  const box = await draw(datasetOf([DRIFT]), () => {}, "ja");
  await box.having("action")[0].click();
  assert.match(box.text, /It has one time only\./);
});

test("a built-in dataset has no file to read again", async () => {
  const box = await draw(datasetOf([DRIFT], { example: "friedman" }));
  assert.deepEqual(box.having("action"), []);
});

test("what was only guessed is guessed again, what was chosen is kept", () => {
  const guessed = datasetOf([], { decisions: [split("given")] });
  assert.deepEqual(merged(guessed, { task: "regression" }), {
    task: "regression",
    columns: {},
  });
  const chosen = datasetOf([], { options: { split: "time:sold on" } });
  assert.equal(merged(chosen, { task: "regression" }).split, "time:sold on");
});

test("another label takes neither the logarithm along nor a split by itself", () => {
  const options = {
    task: "regression",
    log_target: true,
    split: "group:seller",
  };
  const dataset = datasetOf([], { options });
  assert.deepEqual(merged(dataset, { label: "size" }), {
    label: "size",
    split: "group:seller",
    columns: {},
  });
  assert.equal(merged(dataset, { label: "seller" }).split, undefined);
});

test("how columns become numbers is read when it is opened", async (t) => {
  await speak("en");
  drawInNode();
  const asked = serve(t, 200, {
    columns: [
      { column: "size", mean: 3.5, std: 2, median: 3, levels: [] },
      {
        column: "colour",
        mean: null,
        std: null,
        median: null,
        levels: ["red", "?"],
      },
    ],
    label_mean: 9.25,
    label_scale: 0.5,
    is_log_label: true,
  });
  const box = preprocessing(datasetOf([]), signal);
  assert.deepEqual(asked, []);
  await box.listeners.toggle();
  assert.match(box.text, /size 3\.5 2 3/);
  assert.match(box.text, /colour one feature for each of: red, \?/);
  assert.match(box.text, /Logarithm of the label 9\.25 0\.5 –/);
});
