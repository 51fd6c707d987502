import assert from "node:assert/strict";
import { test } from "node:test";

import { draw, OPEN, verdictOf } from "./card_cases.js";

/** Answer requests from a list, and remember them. */
function serve(t, ...answers) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url, options) => {
    asked.push([options.method ?? "GET", url, options.headers]);
    const [status, body] = answers.shift();
    return Response.json(body, { status });
  });
  return asked;
}

const OFFER = {
  can_settle: true,
  reason: null,
  max_seeds: 48,
  next_batch: { num_runs: 12, wall_seconds: 600, money: 150, currency: "JPY" },
};
const press = (card, action) =>
  card
    .having("action")
    .find(({ dataset }) => dataset.action === action)
    .click();

test("an open answer is settled after its price was shown", async (t) => {
  const asked = serve(t, [200, OFFER], [202, { id: "e1", state: "running" }]);
  const told = [];
  const card = await draw(
    "en",
    verdictOf("inconclusive", "unresolved", "unsure"),
    {
      onReopened: (changed) => told.push(changed.state),
    },
  );
  await press(card, "settle");
  assert.match(card.text, /12 runs; .*10 min; about ¥150|12 runs;.*150/);
  assert.deepEqual(told, []);
  await press(card, "settle-confirm");
  assert.deepEqual(told, ["running"]);
  const path = "/api/v1/experiments/e1/settle";
  assert.deepEqual(
    asked.map(([method, url]) => [method, url]),
    [
      ["GET", path],
      ["POST", path],
    ],
  );
  assert.match(asked[1][2]["Idempotency-Key"], /^[0-9a-f]{32}$/);
});

test("why an answer cannot be settled is said", async (t) => {
  const refused = (reason) => ({
    ...OFFER,
    can_settle: false,
    next_batch: null,
    reason,
  });
  const conflict = {
    error: { code: "settle.not_open", message: "It is closed." },
  };
  const codes = ["not_open", "old_rules", "dataset_deleted", "already_running"];
  serve(
    t,
    ...codes.map((code) => [200, refused(`settle.${code}`)]),
    [200, OFFER],
    [409, conflict],
  );
  const card = await draw(
    "ja",
    verdictOf("inconclusive", "unresolved", "unsure"),
  );
  for (const _ of codes) {
    await press(card, "settle");
    assert.doesNotMatch(card.text, /settle\.|\{\w+\}/);
  }
  await press(card, "settle");
  await press(card, "settle-confirm");
  assert.match(card.text, /It is closed\./);
});

test("a budget that does not cover the next runs is said with their price, and nothing can be pressed", async (t) => {
  const spent = { ...OFFER, can_settle: false, reason: "settle.budget_spent" };
  for (const [language, runs] of [
    ["en", /12 runs/],
    ["ja", /12 回/],
  ]) {
    serve(t, [200, spent]);
    const card = await draw(
      language,
      verdictOf("inconclusive", "unresolved", "unsure"),
    );
    await press(card, "settle");
    assert.match(card.text, runs);
    assert.match(card.text, /150/);
    assert.deepEqual(
      card.having("action").map(({ dataset }) => dataset.action),
      ["settle"],
    );
  }
});

test("nothing is offered while it runs, under earlier rules, or where seeds settle nothing", async () => {
  const open = verdictOf("inconclusive", "unresolved", "unsure");
  const others = { ...open, open: { ...OPEN, can_settle: false } };
  const actions = async (verdict, experiment) =>
    (await draw("en", verdict, { experiment }))
      .having("action")
      .map(({ dataset }) => dataset.action);
  assert.deepEqual(await actions(open), ["settle"]);
  assert.deepEqual(await actions(open, { state: "running" }), []);
  assert.deepEqual(await actions(others), []);
  assert.deepEqual(await actions(open, { is_judged_by_old_rules: true }), [
    "judge-again",
  ]);
});
