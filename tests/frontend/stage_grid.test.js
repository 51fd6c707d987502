import assert from "node:assert/strict";
import { test } from "node:test";

import {
  currentStage,
  stageGrid,
} from "../../frontend/js/experiment/stage_grid.js";

const SPEC = {
  widths: [64, 32],
  depths: [2, 4],
  arms: [{ parametrization: "mup" }, { parametrization: "sp" }],
};
const cell = (more) => ({
  scenario: "as_given",
  parametrization: "mup",
  width: 32,
  depth: 2,
  stage: 0,
  state: "completed",
  num_runs: 5,
  ...more,
});

test("sizes stand from small to large, and equal ones from narrow to wide", () => {
  assert.deepEqual(
    stageGrid(SPEC, [], "as_given").sizes.map(
      ({ width, depth }) => `${width}×${depth}`,
    ),
    ["32×2", "32×4", "64×2", "64×4"],
  );
});

test("runs are counted by what became of their cells", () => {
  const cells = [
    cell({}),
    cell({ state: "queued", num_runs: 3 }),
    cell({ state: "cancelled", num_runs: 1 }),
  ];
  const counts = stageGrid(SPEC, cells, "as_given").at(
    { width: 32, depth: 2 },
    "mup",
  );
  assert.deepEqual(counts, {
    planned: 9,
    done: 5,
    running: 0,
    waiting: 3,
    skipped: 0,
    failed: 1,
  });
});

test("another arm, size or scenario does not count", () => {
  const cells = [
    cell({ parametrization: "sp" }),
    cell({ width: 64 }),
    cell({ scenario: "label_noise:0.2" }),
  ];
  assert.equal(
    stageGrid(SPEC, cells, "as_given").at({ width: 32, depth: 2 }, "mup")
      .planned,
    0,
  );
});

test("the running stage is the highest with open cells, else the last one planned", () => {
  assert.equal(currentStage([]), 0);
  assert.equal(
    currentStage([cell({ stage: 2 }), cell({ stage: 1, state: "running" })]),
    1,
  );
  assert.equal(currentStage([cell({ stage: 2 }), cell({ stage: 1 })]), 2);
});
