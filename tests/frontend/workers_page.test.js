import assert from "node:assert/strict";
import { test } from "node:test";

import { roomText } from "../../frontend/js/pages/workers/checks.js";
import { queue, stateText } from "../../frontend/js/pages/workers/queue.js";
import {
  factsOf,
  workerList,
} from "../../frontend/js/pages/workers/worker_list.js";
import { browse, speak } from "./browser_stub.js";
import { drawInNode } from "./page_stub.js";

const WORKER = {
  name: "cpu@factory",
  host: "factory",
  slots: 4,
  device: "cpu",
  environment: { threads: "2" },
  version: "0.1.0",
  is_other_version: false,
  seen_at: "2026-05-04T12:00:00Z",
  is_lost: false,
  trains: [],
};
const STATUS = {
  version: "0.1.0",
  start_command: "MUSCOPE_DATA=/srv/data muscope worker",
};

async function drawing(language = "en") {
  await speak(language);
  browse("/workers");
  drawInNode();
}

test("a worker says its device, how much at once and its version", async () => {
  await speak("en");
  const gpu = {
    ...WORKER,
    device: "cuda",
    environment: { gpu: "H200" },
    slots: 1,
  };
  const old = { ...WORKER, version: null, is_other_version: true };

  assert.deepEqual(factsOf(WORKER), [
    "CPU",
    "4 at a time",
    "threads each: 2",
    "version 0.1.0",
  ]);
  assert.deepEqual(factsOf(gpu), ["H200", "1 at a time", "version 0.1.0"]);
  assert.equal(factsOf(old).at(-1), "version unknown (not the server's)");
});

test("a worker that is there needs no advice", async () => {
  await drawing();
  assert.doesNotMatch(
    workerList([WORKER], STATUS).text,
    /muscope worker|install/,
  );
});

test("without a worker the command to start one is given, and when the last was seen", async () => {
  await drawing();
  const never = workerList([], STATUS).text;
  const lost = workerList([{ ...WORKER, is_lost: true }], STATUS).text;

  assert.match(
    never,
    /None was seen in the last 24 hours.*MUSCOPE_DATA=\/srv\/data muscope worker/,
  );
  assert.match(lost, /on factory, was last seen.*worker\.log/);
  assert.match(lost, /Lost.*taken over/);
});

test("only living workers of another version are to be updated", async () => {
  await drawing();
  const old = { ...WORKER, version: "0.0.9", is_other_version: true };

  assert.match(
    workerList([WORKER, { ...old, host: "attic" }], STATUS).text,
    /On attic a worker runs a different version.*0\.1\.0/,
  );
  const lost = { ...old, is_lost: true };
  assert.doesNotMatch(workerList([WORKER, lost], STATUS).text, /install/);
});

test("work of other users is counted without a name", async () => {
  await drawing();
  const trains = [
    { experiment_id: "e1", name: "prices", num_cells: 3 },
    { experiment_id: null, name: null, num_cells: 1 },
  ];
  assert.match(
    workerList([{ ...WORKER, trains }], STATUS).text,
    /prices.*groups of runs: 3.*another user.*groups of runs: 1/,
  );
});

test("the queue says how many wait, and that nobody knows while the database is away", async () => {
  await drawing();
  const first = {
    id: "e1",
    name: "prices",
    is_running: true,
    expected_start: null,
    created_at: "a",
  };
  const found = queue({ num_open: 3, queue: [first] }).text;

  assert.match(found, /Running: 1\. Waiting: 2/);
  assert.match(found, /and 2 more/);
  assert.match(queue({ num_open: 0, queue: [] }).text, /No experiment runs/);
  assert.match(queue({ num_open: null, queue: [] }).text, /nobody can tell/);
});

test("an experiment without a start waits for a worker", async () => {
  await speak("ja");
  assert.equal(stateText(false, null), "ワーカー待ち");
  assert.match(stateText(false, "2026-05-04T12:00:00Z"), /ごろ開始$/);
  assert.equal(stateText(true, null), "実行中");
});

test("the room on the disk is told with what there is", async () => {
  await speak("en");
  assert.equal(
    roomText({ free_bytes: 2e9, total_bytes: 5e10 }),
    "2 GB of 50 GB are free on the disk of the data folder.",
  );
});
