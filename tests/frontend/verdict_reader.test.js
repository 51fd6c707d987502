import assert from "node:assert/strict";
import { test } from "node:test";

import { verdictReader } from "../../frontend/js/experiment/verdict_reader.js";
import { browse } from "./browser_stub.js";

/** Let promises that are ready go on. */
const settle = () => new Promise(setImmediate);

/** A reader over answers that come one after another, with a clock of our own. */
function reading(t, answers) {
  browse("/");
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url) => {
    asked.push(url);
    const answer = answers.shift();
    return answer
      ? Response.json(answer)
      : Response.json(
          { error: { code: "none", message: "" } },
          { status: 404 },
        );
  });
  const seen = [];
  const leaving = new AbortController();
  const reader = verdictReader(
    "e1",
    (answer) => seen.push(answer),
    leaving.signal,
  );
  const pass = async (milliseconds) => {
    t.mock.timers.tick(milliseconds);
    for (let turn = 0; turn < 5; turn += 1) await settle();
  };
  return { reader, seen, asked, leaving, pass };
}

test("an urgent look reads at once, another one after a rest", async (t) => {
  const { reader, seen, asked, pass } = reading(t, [
    { verdicts: [1] },
    { verdicts: [2] },
  ]);
  reader.look(true);
  await pass(0);
  assert.deepEqual(asked, ["/api/v1/experiments/e1/verdicts"]);
  reader.look(false);
  reader.look(false);
  await pass(3999);
  assert.equal(asked.length, 1);
  await pass(1);
  assert.deepEqual(seen, [{ verdicts: [1] }, { verdicts: [2] }]);
});

test("the same answer is told once, and that there is none yet is no error", async (t) => {
  const { reader, seen, asked, pass } = reading(t, [
    { verdicts: [] },
    { verdicts: [] },
  ]);
  for (let look = 0; look < 3; look += 1) {
    reader.look(true);
    await pass(0);
  }
  assert.equal(asked.length, 3);
  assert.deepEqual(seen, [{ verdicts: [] }]);
});

test("nothing is read once the page is left", async (t) => {
  const { reader, asked, leaving, pass } = reading(t, [{ verdicts: [] }]);
  reader.look(false);
  leaving.abort();
  await pass(10_000);
  assert.deepEqual(asked, []);
});
