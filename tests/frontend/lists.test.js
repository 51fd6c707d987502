import assert from "node:assert/strict";
import { test } from "node:test";

import {
  addressOfView,
  changed,
  isNarrowed,
  viewOf,
} from "../../frontend/js/lists/address.js";
import { pageOf } from "../../frontend/js/lists/listing.js";
import { browse } from "./browser_stub.js";

const NAMES = ["q", "state", "sort"];

test("a view is what the list knows of its address", () => {
  assert.deepEqual(viewOf("?q=a+b&lang=ja&state=&cursor=x&other=1", NAMES), {
    q: "a b",
    cursor: "x",
  });
});

test("another search begins on the first page, another page keeps the search", () => {
  const view = { q: "a", cursor: "x" };
  assert.deepEqual(changed(view, { state: "running" }), {
    q: "a",
    state: "running",
  });
  assert.deepEqual(changed(view, { cursor: "y" }), { q: "a", cursor: "y" });
  assert.deepEqual(changed(view, { q: "" }), {});
});

test("the address of a view keeps what is not of the list", () => {
  browse("/experiments?lang=ja&q=old&cursor=x");
  assert.equal(
    addressOfView({ state: "running" }, NAMES),
    "/experiments?lang=ja&state=running",
  );
});

test("an order narrows nothing", () => {
  assert.equal(isNarrowed({ sort: "name" }, ["q"]), false);
  assert.equal(isNarrowed({ q: "a" }, ["q"]), true);
});

test("a list that is answered as an array tells its next page and its length by headers", () => {
  const link = '</muscope/api/v1/sweeps?q=a&limit=50&cursor=50>; rel="next"';
  const headers = new Headers({ Link: link, "X-Total-Count": "120" });
  assert.deepEqual(pageOf(["a"], headers), {
    items: ["a"],
    total: 120,
    next: "50",
  });
  assert.deepEqual(pageOf(["a"], new Headers({ "X-Total-Count": "51" })), {
    items: ["a"],
    total: 51,
    next: null,
  });
});
