/**
 * Which settings the form shows, group by group. A name is the path into the request; `shown` where the value
 * stands in the spec, if elsewhere. What may be set, and of which family or optimizer, the server says.
 */

import { setting } from "./options.js";

const field = (name, shown) => ({ name, shown });

/** A field with what the server says of it; `num_seeds` is the form's own, a number. */
export const described = (own) => ({ kind: "number", values: [], families: null, optimizers: null, ...setting(own.name), ...own });

/** Whether a field matters to a plan. @param {any} field described @param {{kind: string, family: string}} context */
export const matters = ({ families, optimizers }, { kind, family }) => (families?.includes(family) ?? true) && (optimizers?.includes(kind) ?? true);

/** Shown at once; the groups below are folds. */
export const FIRST = [
  field("widths"),
  field("num_seeds", (spec) => spec.seeds.length),
  field("num_steps"),
  field("lrs", (spec) => spec.arms[0].lrs),
  field("loss"),
  field("protocol"),
];

export const GROUPS = [
  { name: "arms", fields: [] },
  {
    name: "model",
    fields: [
      field("model.family"),
      field("model.layers_per_block"),
      field("model.has_skip"),
      field("model.patch_size"),
      field("model.num_heads"),
      field("model.mlp_ratio"),
      field("model.has_norm"),
      field("branch_exponent", (spec) => spec.model.branch_exponent),
      field("completep_alpha"),
    ],
  },
  {
    name: "sizes",
    fields: [
      list("depths"),
      number("base_width"),
      number("base_depth"),
      number("target_width"),
      number("target_depth"),
    ],
  },
  {
    name: "training",
    fields: [
      field("optimizer.kind"),
      field("optimizer.momentum"),
      field("optimizer.nesterov"),
      field("optimizer.beta1"),
      field("optimizer.beta2"),
      field("optimizer.epsilon"),
      field("optimizer.epsilon_rule"),
      field("optimizer.weight_decay"),
      field("optimizer.weight_decay_rule"),
      field("optimizer.schedule.kind"),
      field("optimizer.schedule.warmup_fraction"),
      field("optimizer.schedule.final_fraction"),
      field("batch_size"),
      field("divergence_factor"),
      field("tail_fraction"),
      field("seeds"),
      field("spec_seed"),
    ],
  },
  {
    name: "budget",
    fields: [
      number("budget.slot_seconds"),
      number("budget.money"),
      number("budget.rate_per_hour"),
      choice("budget.currency", ["JPY", "USD"]),
    ],
  },
  {
    name: "measurement",
    fields: [
      number("measure_every"),
      choice("measure_spacing", ["even", "log"]),
      number("sharpness_batch_size"),
      number("sharpness_tolerance"),
      number("density_grid.linear_limit"),
      number("density_grid.largest"),
    ],
  },
];

export const ARMS = ["mup", "sp", "ntp", "depth_mup", "completep"];
export const MEASURES = [
  "raw_sharpness",
  "ntk",
  "hessian_eigenvalues",
  "gauss_newton",
  "hessian_trace",
  "hessian_density",
  "coordinate_check",
];
/** What the server measures when it is not told. */
export const USUAL_MEASURES = ["coordinate_check"];
