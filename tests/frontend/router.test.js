import assert from "node:assert/strict";
import { test } from "node:test";

import {
  choose,
  hrefOf,
  query,
  remember,
  routeOf,
} from "../../frontend/js/base/router.js";
import { browse } from "./browser_stub.js";

const ID = "3f0c9a52-1111-4222-8333-abcdefabcdef";

test("addresses name their page, with or without a slash at the end", () => {
  const none = { id: "", part: "", item: "" };
  assert.deepEqual(routeOf("/"), { name: "home", ...none });
  assert.deepEqual(routeOf(`/datasets/${ID}`), {
    name: "dataset",
    ...none,
    id: ID,
  });
  assert.deepEqual(routeOf(`/experiments/${ID}/`), {
    name: "experiment",
    ...none,
    id: ID,
  });
});

test("the list of files is also above each file", () => {
  for (const path of ["/data", "/datasets", "/data/"])
    assert.equal(routeOf(path).name, "data");
});

test("an experiment has pages of its own", () => {
  for (const part of ["curves", "runs", "settings", "report"]) {
    const found = routeOf(`/experiments/${ID}/${part}`);
    assert.deepEqual(found, { name: "experiment", id: ID, part, item: "" });
  }
  const run = routeOf(`/experiments/${ID}/runs/${ID}`);
  assert.deepEqual(run, { name: "experiment", id: ID, part: "", item: ID });
});

test("other addresses are missing", () => {
  for (const path of [
    "/data/set",
    `/experiments/${ID}/nothing`,
    "/datasets/../secret",
    `/datasets/${ID}x`,
  ]) {
    assert.deepEqual(routeOf(path), {
      name: "missing",
      id: "",
      part: "",
      item: "",
    });
  }
});

test("links carry the language of the address along", () => {
  browse("/?lang=ja");
  assert.equal(hrefOf("/datasets/1"), "/datasets/1?lang=ja");
  assert.equal(hrefOf("/compare?ids=1"), "/compare?ids=1&lang=ja");
  browse("/");
  assert.equal(hrefOf("/datasets/1"), "/datasets/1");
});

test("choices are kept in the address, and null takes one out", () => {
  browse("/x?lang=ja&arm=mup");
  remember({ arm: null, lr: "3" });
  assert.equal(location.search, "?lang=ja&lr=3");
  assert.equal(query("lr"), "3");
  assert.equal(query("arm"), null);
});

test("Back returns to the choice before; the same choice again is no step", () => {
  browse("/x?lang=ja");
  choose({ width: "8" });
  choose({ width: "8" });
  remember({ folds: "why" });
  choose({ sort: "seed" });
  history.back();
  assert.equal(location.search, "?lang=ja&width=8&folds=why");
  history.back();
  assert.equal(location.search, "?lang=ja");
});
