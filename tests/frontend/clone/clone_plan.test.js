import assert from "node:assert/strict";
import { before, test } from "node:test";

import { wholeSpec } from "../../../frontend/js/base/whole_spec.js";
import { originOf, ownOf } from "../../../frontend/js/plan/clone/clone_plan.js";
import {
  planRequest,
  valuesOf,
} from "../../../frontend/js/plan/plan_request.js";
import { OWN } from "../../../frontend/js/plan/starting_points.js";
import { browse, learnOptions } from "../browser_stub.js";
import { SPEC } from "../spec_cases.js";

before(learnOptions);

/** What is asked for a clone of a spec whose texts were changed. */
function requestOf(spec, changes = {}) {
  browse("/");
  const own = ownOf(spec);
  Object.assign(own.texts, changes);
  own.values = valuesOf(own, spec);
  const clone = originOf({ id: "e1", name: "first", spec });
  const choices = { preset: "standard", start: OWN, own, budget: {}, clone };
  return planRequest({ id: "d1" }, { ...choices, plan: { spec } });
}

/** The whole definition as a request; the branch exponent has a field of its own there. */
function asked(spec) {
  const { branch_exponent, ...model } = spec.model;
  return { dataset_id: "d1", ...wholeSpec(spec), model, branch_exponent };
}

test("an unchanged clone asks for every field of the definition, with every digit", () => {
  const spec = {
    ...SPEC,
    arms: [
      { parametrization: "mup", lrs: [0.1 + 0.2, 1e-7] },
      { parametrization: "sp", lrs: [0.5] },
    ],
  };
  assert.deepEqual(requestOf(spec), asked(spec));
});

test("one grid of all arms is one field", () => {
  const lrs = [0.25, 0.5];
  const arms = ["mup", "sp"].map((parametrization) => ({
    parametrization,
    lrs,
  }));
  assert.equal(ownOf({ ...SPEC, arms }).texts.lrs, "0.25, 0.5");
  assert.deepEqual(requestOf({ ...SPEC, arms }), {
    ...asked(SPEC),
    arms: arms.map(({ parametrization }) => ({ parametrization })),
    lrs,
  });
});

test("seeds that are not the first so many keep their names", () => {
  const spec = { ...SPEC, seeds: [3, 1] };
  assert.deepEqual(requestOf(spec).seeds, [3, 1]);
  assert.equal(ownOf(spec).texts.num_seeds, undefined);
});

test("scenarios of a definition without the data as given stay in their order", () => {
  const scenarios = ["subsample:0.5", "label_noise:0.2"];
  assert.deepEqual(requestOf({ ...SPEC, scenarios }).scenarios, scenarios);
});

test("one changed field changes one field of the request", () => {
  const changed = requestOf(SPEC, { num_steps: "77" });
  assert.deepEqual(changed, { ...asked(SPEC), num_steps: 77 });
});

test("an emptied field is left to the server, presets are not asked for", () => {
  const { target_width: _, ...others } = asked(SPEC);
  assert.deepEqual(requestOf(SPEC, { target_width: "" }), others);
});
