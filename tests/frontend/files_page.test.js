import assert from "node:assert/strict";
import { test } from "node:test";

import { lost } from "../../frontend/js/pages/files/delete_file.js";
import {
  factsOf,
  fileTable,
} from "../../frontend/js/pages/files/file_table.js";
import {
  answersText,
  columnsText,
} from "../../frontend/js/pages/files/recipes.js";
import { h } from "../../frontend/js/base/dom.js";
import { browse, speak } from "./browser_stub.js";
import { drawInNode } from "./page_stub.js";

const FILE = {
  id: "d1",
  name: "sales.csv",
  example: null,
  kind: "table",
  shape: { image: null },
  num_rows: 1200,
  num_columns: 4,
  source_bytes: 2_000_000,
  arrays_bytes: 1_000_000,
  created_at: "2026-05-04T12:00:00Z",
  num_open_experiments: 0,
  num_ended_experiments: 0,
  has_recipe: false,
};
const words = (item, experiments) => h("div", {}, lost(item, experiments)).text;

test("each kind of file says how large it is in its own words", async () => {
  await speak("en");
  const images = {
    ...FILE,
    kind: "images",
    num_columns: null,
    shape: { image: { width: 8, height: 6 } },
  };

  assert.deepEqual(factsOf(FILE), ["Table", "1,200 rows", "4 columns"]);
  assert.deepEqual(factsOf(images), ["Images", "1,200 images", "8 × 6 pixels"]);
});

test("a file links to the experiments on it, and those that go on are counted", async () => {
  await speak("en");
  browse("/data");
  drawInNode();
  const used = { ...FILE, num_open_experiments: 1, num_ended_experiments: 2 };

  const [unused, inUse] = [FILE, used].map(
    (item) => fileTable([item], () => {}).text,
  );

  assert.match(unused, /no experiment 3 MB/);
  assert.match(inUse, /Experiments: 3 Not finished: 1 3 MB/);
});

test("the file whose button is pressed is the one to delete", async () => {
  await speak("en");
  browse("/data");
  drawInNode();
  const pressed = [];
  const other = { ...FILE, id: "d2", name: "other.csv" };
  const table = fileTable([FILE, other], ({ id }) => pressed.push(id));

  await table.having("delete")[1].click();

  assert.deepEqual(pressed, ["d2"]);
});

test("the question before deleting names everything that is lost", async () => {
  await speak("en");
  drawInNode();
  const none = { items: [], total: 0 };
  const some = { items: [{ name: "first" }, { name: "second" }], total: 9 };

  const alone = words(FILE, none);
  const whole = words({ ...FILE, has_recipe: true }, some);

  assert.match(alone, /3 MB.*uploaded again/);
  assert.doesNotMatch(alone, /Experiments|answers/);
  assert.match(whole, /\(9\).*first second and 7 more/);
  assert.match(whole, /Your answers about how it is read/);
  assert.match(words({ ...FILE, example: "digits" }, none), /start page/);
});

test("answers are told in words, whatever they were about", async () => {
  await speak("en");
  const answers = {
    label: "price",
    delimiter: "\t",
    header: 0,
    missing: ["-999", "none"],
    columns: { zip: "category", note: "leave_out" },
  };

  assert.deepEqual(answersText(answers), [
    "What is to be predicted: price",
    "Separator: tab",
    "Row with the column names: no row: the first row is data",
    "Cells that mean “missing”: -999, none",
    "Column “zip”: category",
    "Column “note”: leave out",
  ]);
});

test("of many columns the first are named and the others counted", async () => {
  await speak("ja");
  assert.equal(
    columnsText({ columns: ["幅", "高さ"], num_columns: 2 }),
    "幅、高さ",
  );
  assert.equal(
    columnsText({ columns: ["幅", "高さ"], num_columns: 12 }),
    "幅、高さ ほか 10 列",
  );
});
