import assert from "node:assert/strict";
import { test } from "node:test";

import { budgetOf } from "../../frontend/js/plan/budget.js";

const RATES = { rate_per_hour: 3, currency: "USD" };

test("nothing written is no budget", () => {
  assert.equal(budgetOf(undefined, RATES), null);
  assert.equal(budgetOf({ hours: " ", money: "" }, RATES), null);
});

test("hours are sent as seconds", () => {
  assert.deepEqual(budgetOf({ hours: "1.5" }, RATES), {
    slot_seconds: 5400,
    rate_per_hour: 3,
    currency: "USD",
  });
});

test("full-width digits and thousands separators are read", () => {
  assert.equal(budgetOf({ money: "１，２００" }, RATES).money, 1200);
});

test("what is no number goes to the server as written", () => {
  assert.equal(budgetOf({ hours: "two" }, RATES).slot_seconds, "two");
});

test("an unknown rate is left out", () => {
  assert.deepEqual(
    budgetOf({ money: "5" }, { rate_per_hour: null, currency: "JPY" }),
    { money: 5, currency: "JPY" },
  );
});
