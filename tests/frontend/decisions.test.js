import assert from "node:assert/strict";
import { test } from "node:test";

import {
  decisions,
  guesses,
  notes,
  questions,
} from "../../frontend/js/dataset/decisions.js";
import { merged } from "../../frontend/js/dataset/reading.js";
import { speak } from "./browser_stub.js";
import { drawInNode } from "./page_stub.js";

const decision = (option, value, more = {}) => ({
  option,
  value,
  is_guessed: true,
  is_question: false,
  choices: [],
  examples: [],
  ...more,
});
const DATASET = {
  example: null,
  profile: {
    label: "year",
    columns: [],
    recipe: { options: { encoding: "CP932", columns: { a: "category" } } },
    decisions: [
      decision("label", "year", { choices: ["a", "year"] }),
      decision("header", "0", {
        is_question: true,
        choices: ["0", "1"],
        examples: ["6.5", "setosa"],
      }),
      decision("delimiter", "\\t", { choices: [",", "\\t"] }),
    ],
  },
};
const readerThat = (told) => ({
  place: null,
  disable() {},
  read: async (answers) => void told.push(answers),
});

for (const [language, first, asked] of [
  ["en", /first row is data \(as read now/, /Is the first row data/],
  ["ja", /1 行目からデータ）（今の読み方/, /1 行目はデータですか/],
])
  test(`a question shows its answers and examples (${language})`, async () => {
    await speak(language);
    drawInNode();
    const told = [];
    const [shown] = questions(DATASET, readerThat(told));
    assert.match(shown.text, asked);
    assert.match(shown.text, first);
    assert.match(shown.text, /6\.5 · setosa/);
  });

test("the button of a table begins with its cell and says its names", async () => {
  await speak("en");
  drawInNode();
  const area = decision("area", "A1", {
    is_question: true,
    choices: ["A1", "A46"],
    examples: ["A1: t, a", "A46: date"],
  });
  const profile = { ...DATASET.profile, decisions: [area] };
  const [shown] = questions({ ...DATASET, profile }, readerThat([]));
  assert.match(shown.text, /A1: t, a \(as read now\)/);
  assert.match(shown.text, /A46: date/);
});

test("of an example nothing is asked", async () => {
  await speak("en");
  drawInNode();
  assert.equal(
    questions({ ...DATASET, example: "digits" }, readerThat([])),
    null,
  );
});

test("an answer keeps those before, and one use of a column can be taken back", () => {
  assert.deepEqual(merged(DATASET, { header: 1 }), {
    encoding: "CP932",
    header: 1,
    columns: { a: "category" },
  });
  assert.deepEqual(merged(DATASET, { columns: { a: null, b: "number" } }), {
    encoding: "CP932",
    columns: { b: "number" },
  });
});

test("notes are counted and said in words", async () => {
  await speak("en");
  drawInNode();
  const shown = notes([
    {
      code: "dataset.rows_sampled",
      params: { count: 5000, kept: 1000 },
    },
  ]);
  assert.match(
    shown.text,
    /\(1\).*Of 5,000 rows, 1,000 were drawn|Of 5000 rows, 1000/,
  );
  assert.equal(notes([]), null);
});

test("what is predicted stands first, everything else is folded away", async () => {
  await speak("en");
  drawInNode();
  const reader = readerThat([]);
  assert.match(guesses(DATASET, reader).text, /What is to be predicted/);
  assert.doesNotMatch(guesses(DATASET, reader).text, /Separator/);
  assert.match(decisions(DATASET, reader).text, /\(2\).*Separator.*tab/);
});
