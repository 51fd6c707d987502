import assert from "node:assert/strict";
import { test } from "node:test";

import { entries, usedText } from "../../frontend/js/upload/storage.js";
import { speak } from "./browser_stub.js";
import { drawInNode } from "./page_stub.js";

const CREATED = "2026-05-04T12:00:00Z";
const DATASET = {
  id: "d1",
  name: "sales.csv",
  example: null,
  source_bytes: 2_000_000,
  arrays_bytes: 1_000_000,
  created_at: CREATED,
};
const UPLOAD = {
  id: "u1",
  name: "large.csv",
  length_bytes: 9_000_000,
  received_bytes: 3_000_000,
  state: "receiving",
  created_at: CREATED,
};

test("the room used is told with its limit", async () => {
  await speak("en");
  const usage = { used_bytes: 3_000_000, limit_bytes: 50_000_000_000 };
  assert.equal(usedText(usage), "3 MB of 50 GB used");
});

test("datasets and uploads are listed with their size, and each can be deleted", async () => {
  await speak("en");
  drawInNode();
  const dropped = [];
  const drop = (path, name) => async () => dropped.push([path, name]);

  const list = entries([DATASET], [UPLOAD], drop);

  assert.match(list.text, /large\.csv .*3 MB of 9 MB.* sales\.csv .*3 MB/);
  for (const button of list.having("delete")) await button.click();
  assert.deepEqual(dropped, [
    ["/uploads/u1", "large.csv"],
    ["/datasets/d1", "sales.csv"],
  ]);
});

test("without data the list says so", async () => {
  await speak("en");
  drawInNode();
  assert.equal(entries([], [], () => async () => {}).text, "No data yet.");
});
