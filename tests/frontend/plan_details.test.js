import assert from "node:assert/strict";
import { test } from "node:test";

import { estimate, planDetails } from "../../frontend/js/plan/plan_details.js";
import { learnOptions, speak } from "./browser_stub.js";
import { drawInNode } from "./page_stub.js";

const planOf = (...names) => ({
  spec: {
    arms: names.map((name) => ({ parametrization: name, lrs: [0.01, 0.1] })),
    protocol: "staged",
    model: { family: "residual_mlp" },
    scenarios: ["as_given"],
    widths: [32, 64],
    depths: [3],
    optimizer: {
      kind: "adam",
      schedule: { kind: "cosine", warmup_fraction: 0.1 },
    },
    seeds: [0, 1],
    num_steps: 100,
  },
  control: names.find((name) => ["sp", "ntp"].includes(name)) ?? null,
  are_steps_cut: false,
  device: "cpu",
  slots: 2,
});

const QUESTIONS = {
  "one control": [["mup", "sp"], /µP, against SP[^,]* as the control(?!,)/],
  "the other in turn": [["mup", "sp", "ntp"], /then NTP.* if SP.* shows no/],
  "a further method": [["mup", "depth_mup", "sp"], /µP · .* · SP/],
  "no control": [["mup"], /µP · Without a control/],
};

for (const [name, [arms, expected]] of Object.entries(QUESTIONS))
  test(`a plan says what it asks: ${name}`, async () => {
    await speak("en");
    drawInNode();
    const [pairs, note] = planDetails(planOf(...arms), "classification");
    assert.match(pairs.text, expected);
    assert.match(note.text, arms.length > 1 ? /Why a control/ : /Without a/);
  });

test("the price says that measurements were added, and nothing of usual ones", async () => {
  await speak("en");
  await learnOptions();
  const priced = (...measures) =>
    estimate({
      num_runs: 54,
      predicted_seconds: 200,
      queue: null,
      spec: { measures },
    });
  assert.match(priced("coordinate_check", "ntk"), /^54 .*you added/);
  assert.doesNotMatch(priced("coordinate_check"), /added/);
});
