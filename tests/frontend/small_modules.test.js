import assert from "node:assert/strict";
import { test } from "node:test";

import { ApiError, errorOf, isAbort } from "../../frontend/js/base/api.js";
import {
  rateOf,
  rates,
  setRates,
} from "../../frontend/js/base/hourly_rates.js";
import { newKey } from "../../frontend/js/base/idempotency_key.js";
import { delimiterOf } from "../../frontend/js/upload/delimiter.js";
import { nearest } from "../../frontend/js/figures/shown_lrs.js";
import { browse, speak } from "./browser_stub.js";

test("a tab is named as a person would type it, other delimiters are themselves", () => {
  assert.equal(delimiterOf("\\t"), "\t");
  assert.equal(delimiterOf(";"), ";");
});

test("every key is new and 128 bits long", () => {
  const keys = Array.from({ length: 50 }, newKey);
  assert.equal(new Set(keys).size, 50);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
});

test("a rate is a number that is not negative", () => {
  assert.equal(rateOf("１，２００．５"), 1200.5);
  for (const text of ["", "  ", "-1", "cheap"])
    assert.equal(rateOf(text), null);
});

test("rates are remembered, and yen is usual in Japanese only", async () => {
  await speak("ja");
  assert.deepEqual(rates(), {
    rate_per_hour: null,
    staff_rate: null,
    currency: "JPY",
  });
  setRates({ rate_per_hour: 300 });
  assert.equal(rates().rate_per_hour, 300);
  await speak("en");
  assert.equal(rates().currency, "USD");
});

test("a storage that is forbidden or spoilt does no harm", async () => {
  browse("/");
  localStorage.setItem("muscope.rates", "not json");
  assert.equal(rates().rate_per_hour, null);
});

test("an error of the server keeps its code, and anything else is unreadable", async () => {
  await speak("en");
  const body = JSON.stringify({
    error: { code: "dataset.empty", message: "Empty.", params: { rows: 0 } },
  });
  const error = errorOf(422, body);
  assert.ok(error instanceof ApiError);
  assert.deepEqual(
    [error.status, error.code, error.message, error.params.rows],
    [422, "dataset.empty", "Empty.", 0],
  );
  assert.equal(errorOf(502, "<html>").code, "unreadable");
  assert.match(errorOf(502, "<html>").message, /502/);
});

test("leaving a page is told from an error", () => {
  assert.equal(isAbort(new DOMException("gone", "AbortError")), true);
  assert.equal(isAbort(new Error("AbortError")), false);
});

test("the nearest learning rate is nearest in octaves", () => {
  assert.equal(nearest([0.1, 0.2, 0.4], 0.28), 0.2);
  assert.equal(nearest([0.1, 0.2, 0.4], 0.29), 0.4);
  assert.equal(nearest([0.1], 9), 0.1);
});
