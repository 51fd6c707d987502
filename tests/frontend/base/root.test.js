import assert from "node:assert/strict";
import { test } from "node:test";

import { ROOT, rootOf, within } from "../../../frontend/js/base/root.js";

test("the root is what stands before our scripts", () => {
  const script = "/static/js/base/root.js";
  assert.equal(rootOf(`https://tools.example${script}`), "");
  assert.equal(rootOf(`https://tools.example/muscope${script}`), "/muscope");
  assert.equal(rootOf(`https://tools.example/a/b${script}`), "/a/b");
  assert.equal(ROOT, "");
});

test("paths are named without the root, and only the whole root is taken off", () => {
  assert.equal(within("/muscope/experiments", "/muscope"), "/experiments");
  assert.equal(within("/muscope/", "/muscope"), "/");
  assert.equal(within("/muscope", "/muscope"), "/");
  assert.equal(within("/muscopes/x", "/muscope"), "/muscopes/x");
  assert.equal(within("/experiments", ""), "/experiments");
});
