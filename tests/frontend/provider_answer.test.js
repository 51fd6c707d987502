/** The part of an address that a provider's answer is. */

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser_stub.js";

const { answerIn } = await import("../../frontend/js/accounts/provider.js");

test("only what belongs to the provider's answer is sent on", () => {
  assert.deepEqual(
    answerIn("?code=a&state=b&session_state=c&scope=openid&lang=ja"),
    { code: "a", state: "b" },
  );
  assert.deepEqual(
    answerIn(
      "?error=access_denied&error_description=No&state=b&iss=https%3A%2F%2Fid.example",
    ),
    {
      error: "access_denied",
      state: "b",
      iss: "https://id.example",
    },
  );
});

test("an address without an answer is sent as one that no sign-in has", () => {
  assert.deepEqual(answerIn(""), { state: "-" });
});
