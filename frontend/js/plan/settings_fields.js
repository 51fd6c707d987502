/**
 * What can be set of a plan, group by group. A name is where the wish goes in the request; `shown` where the
 * value stands in the spec, if elsewhere. The server knows the limits and the defaults, and says so.
 */

/** @import { Spec } from "../../types/answers.js" */

/**
 * @typedef {object} Context what decides which settings there are
 * @property {string} kind of the optimizer
 * @property {string} family of the model
 */

/**
 * @typedef {object} Field
 * @property {"list" | "number" | "choice"} kind
 * @property {string} name
 * @property {string[]} values of a choice; empty for the others
 * @property {(spec: Spec) => unknown} [shown]
 * @property {(context: Context) => boolean} [only] whether there is the setting at all
 */

/** @typedef {Partial<Pick<Field, "shown" | "only">>} More */

/** @param {string} name @param {Field["shown"]} [shown] @returns {Field} */
const list = (name, shown) => ({ kind: "list", name, values: [], shown });
/** @param {string} name @param {More} [more] @returns {Field} */
const number = (name, more = {}) => ({ kind: "number", name, values: [], ...more });
/** @param {string} name @param {string[]} values @param {More} [more] @returns {Field} */
const choice = (name, values, more = {}) => ({ kind: "choice", name, values, ...more });

/** @type {More} */
const forSgd = { only: ({ kind }) => kind === "sgd" };
/** @type {More} */
const forAdam = { only: ({ kind }) => kind !== "sgd" };
/** @param {...string} names @returns {More} */
const forFamilies = (...names) => ({ only: ({ family }) => names.includes(family) });
const withBranches = forFamilies("residual_mlp", "residual_convnet", "vit", "gpt");
const transformers = forFamilies("vit", "gpt");
export const YES_NO = ["true", "false"];

/** Shown at once; the groups below are folds. @type {Field[]} */
export const FIRST = [
  list("widths"),
  number("num_seeds", { shown: (spec) => spec.seeds.length }),
  number("num_steps"),
  list("lrs", (spec) => spec.arms[0].lrs),
  choice("loss", ["cross_entropy", "squared_error"]),
  choice("protocol", ["staged", "full"]),
];

/** @type {{name: string, fields: Field[]}[]} */
export const GROUPS = [
  { name: "arms", fields: [] },
  {
    name: "model",
    fields: [
      choice("model.family", ["residual_mlp", "convnet", "residual_convnet", "vit", "gpt"]),
      number("model.layers_per_block", forFamilies("residual_mlp", "residual_convnet")),
      choice("model.has_skip", YES_NO, forFamilies("residual_mlp")),
      number("model.patch_size", forFamilies("vit")),
      number("model.num_heads", transformers),
      number("model.mlp_ratio", transformers),
      choice("model.has_norm", YES_NO, transformers),
      number("branch_exponent", {
        shown: ({ model }) => ("branch_exponent" in model ? model.branch_exponent : undefined),
        ...withBranches,
      }),
      number("completep_alpha", withBranches),
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
      choice("optimizer.kind", ["sgd", "adam", "adamw"]),
      number("optimizer.momentum", forSgd),
      choice("optimizer.nesterov", YES_NO, forSgd),
      number("optimizer.beta1", forAdam),
      number("optimizer.beta2", forAdam),
      number("optimizer.epsilon", forAdam),
      choice("optimizer.epsilon_rule", ["scaled", "fixed"], forAdam),
      number("optimizer.weight_decay"),
      choice("optimizer.weight_decay_rule", ["independent", "fixed", "sqrt_width"]),
      choice("optimizer.schedule.kind", ["constant", "cosine", "linear"]),
      number("optimizer.schedule.warmup_fraction"),
      number("optimizer.schedule.final_fraction"),
      number("batch_size"),
      number("divergence_factor"),
      number("tail_fraction"),
      list("seeds"),
      number("spec_seed"),
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
