import assert from "node:assert/strict";
import { test } from "node:test";

import { wholeSpec } from "../../frontend/js/base/whole_spec.js";

test("a definition is asked for whole; what is found or nothing is left out", () => {
  const definition = {
    scenarios: ["as_given", "label_noise:0.2"],
    protocol: "staged",
    thresholds: { transfers_regret: 0.01 },
    spec_seed: 0,
  };
  const spec = {
    ...definition,
    dataset_sha256: "ab",
    budget: null,
    target_width: null,
  };
  assert.deepEqual(wholeSpec(spec), definition);
});
