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
  progress: null,
  ...more,
});
const cell = (more) => ({
  id: "a",
  state: "queued",
  version: 1,
  committed_step: -1,
  ...more,
});

test("share and time left are the server's, whatever the cells say", () => {
  const told = experiment({ progress: { share_done: 0.2, eta_seconds: 7 } });
  const { share, left } = progressOf(
    told,
    [cell({ state: "completed" })],
    after(60),
  );
  assert.deepEqual({ share, left }, { share: 0.2, left: 7 });
});

test("without a word of the server nothing is done, and nobody knows what is left", () => {
  const { share, left } = progressOf(experiment(), [cell({})], after(60));
  assert.deepEqual({ share, left }, { share: 0, left: null });
});

test("an idle experiment has no time left to tell", () => {
  const idle = experiment({
    progress: { share_done: 0.2, eta_seconds: null },
  });
  assert.equal(progressOf(idle, [], after(60)).left, null);
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
