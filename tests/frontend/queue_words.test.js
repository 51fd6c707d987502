import assert from "node:assert/strict";
import { test } from "node:test";

import {
  isWaiting,
  queueEntries,
  waitingSentence,
} from "../../frontend/js/experiment/queue_words.js";
import { speak } from "./browser_stub.js";

const today = new Date();
today.setHours(10, 5, 0, 0);
const queue = (more) => ({
  position: 2,
  num_others: 1,
  num_running: 1,
  running: ["prices"],
  expected_start: today.toISOString(),
  ...more,
});

test("one that waits says for how many, and when it starts", async () => {
  await speak("en");
  assert.equal(
    waitingSentence(queue()),
    "Waiting: 1 other experiment is running; expected start 10:05",
  );
  assert.match(waitingSentence(queue({ num_running: 3 })), /3 .*are running/);
  await speak("ja");
  assert.equal(
    waitingSentence(queue()),
    "順番待ちです（ほかの実験 1 件が実行中。開始見込み 10:05）",
  );
});

test("a start on another day is told with its day", async () => {
  await speak("en");
  const start = "2020-01-31T10:05:00";
  assert.match(waitingSentence(queue({ expected_start: start })), /31 Jan/);
});

test("it waits only for others that run while it does not", () => {
  assert.equal(isWaiting(queue()), true);
  assert.equal(isWaiting(queue({ expected_start: null })), false);
  assert.equal(isWaiting(queue({ num_running: 0, running: [] })), false);
  assert.equal(isWaiting(null), false);
});

test("its place and the names of those that run are told; others' are counted", async () => {
  await speak("en");
  const [[, place], [, running]] = queueEntries(queue({ num_running: 3 }));
  assert.equal(place, "2 of 2");
  assert.match(running, /prices.*2/);
  assert.deepEqual(queueEntries(null), []);
});
