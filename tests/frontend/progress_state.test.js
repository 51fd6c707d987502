import assert from "node:assert/strict";
import { test } from "node:test";

import {
  applyMarks,
  progressOf,
} from "../../frontend/js/experiment/progress_state.js";

const STARTED = "2026-01-01T00:00:00Z";
const after = (seconds) => Date.parse(STARTED) + seconds * 1000;
const experiment = (more) => ({
  started_at: STARTED,
  finished_at: null,
  predicted_seconds: 1000,
  spec: { protocol: "full" },
  progress: null,
  ...more,
});
const cell = (more) => ({
  id: "a",
  state: "queued",
  version: 1,
  committed_step: -1,
  num_steps: 99,
  predicted_seconds: 100,
  ...more,
});

test("the share that is done weighs cells by the time they take", () => {
  const cells = [
    cell({ state: "completed", predicted_seconds: 300 }),
    cell({}),
  ];
  assert.equal(progressOf(experiment(), cells, after(10)).share, 0.75);
});

test("half of the steps of a running cell are half of its time", () => {
  assert.equal(
    progressOf(
      experiment(),
      [cell({ state: "running", committed_step: 49 })],
      after(10),
    ).share,
    0.5,
  );
});

test("time left follows the prediction first, and what was seen later", () => {
  const early = [
    cell({ state: "completed" }),
    ...Array.from({ length: 9 }, () => cell({})),
  ];
  assert.equal(progressOf(experiment(), early, after(10)).left, 900);
  const later = [cell({ state: "completed" }), cell({})];
  assert.equal(progressOf(experiment(), later, after(60)).left, 60);
});

test("what the server says of the time left counts most", () => {
  assert.equal(
    progressOf(
      experiment({ progress: { eta_seconds: 7 } }),
      [cell({})],
      after(60),
    ).left,
    7,
  );
});

test("a staged experiment takes its share from the server, which knows of later stages", () => {
  const staged = experiment({
    spec: { protocol: "staged" },
    progress: { share_done: 0.2, eta_seconds: null },
  });
  assert.equal(
    progressOf(staged, [cell({ state: "completed" })], after(10)).share,
    0.2,
  );
});

test("time stands still once an experiment has ended, and has not begun before it starts", () => {
  const ended = experiment({ finished_at: "2026-01-01T00:02:00Z" });
  assert.equal(progressOf(ended, [], after(999)).elapsed, 120);
  assert.equal(
    progressOf(experiment({ started_at: null }), [], after(999)).elapsed,
    0,
  );
});

test("cells are counted by state; left out ones are done", () => {
  const states = ["completed", "skipped", "failed", "running", "queued"];
  const { done, failed, running, total } = progressOf(
    experiment(),
    states.map((state) => cell({ state })),
    after(1),
  );
  assert.deepEqual(
    { done, failed, running, total },
    { done: 2, failed: 1, running: 1, total: 5 },
  );
});

test("marks move a cell on, never back", () => {
  const cells = [cell({ version: 3, committed_step: 20, state: "running" })];
  applyMarks(cells, [{ cell_id: "a", state: "queued", version: 2, step: 50 }]);
  assert.equal(cells[0].state, "running");
  applyMarks(cells, [{ cell_id: "a", state: "running", version: 3, step: 30 }]);
  assert.equal(cells[0].committed_step, 30);
  applyMarks(cells, [
    { cell_id: "a", state: "completed", version: 4, step: 10 },
  ]);
  assert.deepEqual(
    [cells[0].state, cells[0].committed_step],
    ["completed", 30],
  );
  applyMarks(cells, [
    { cell_id: "unknown", state: "failed", version: 9, step: 0 },
  ]);
  assert.equal(cells.length, 1);
});
