/**
 * The settings that the form shows, group by group. A name is the path into the request; `shown` is where the value
 * stands in the spec, if elsewhere. What may be set, and for which family or optimizer, the server says.
 */

import { setting } from "../base/options.js";
import { choiceOf } from "./brought/brought_choice.js";

/** @import { Setting, Spec } from "../../types/answers.js" */

/**
 * @typedef {object} Context what decides which settings there are
 * @property {string} kind of the optimizer
 * @property {string} family of the model
 */

/**
 * @typedef {object} Entry a place in the form
 * @property {string} name
 * @property {(spec: Spec) => unknown} [shown]
 */

/** @typedef {Entry & Pick<Setting, "kind" | "values" | "families" | "optimizers">} Field */

/** @param {string} name @param {Entry["shown"]} [shown] @returns {Entry} */
const entry = (name, shown) => ({ name, shown });

/** Shown at once; the groups below are folds. @type {Entry[]} */
export const FIRST = [
  entry("widths"),
  entry("num_seeds", (spec) => spec.seeds.length),
  entry("num_steps"),
  entry("lrs", (spec) => spec.arms[0].lrs),
  entry("loss"),
  entry("protocol"),
];

/** The model to be used in the end: asked before the presets, listed with the sizes. */
export const TARGET = [entry("target_width"), entry("target_depth")];

/** @type {{name: string, fields: Entry[]}[]} */
export const GROUPS = [
  { name: "arms", fields: [] },
  {
    name: "model",
    fields: [
      entry("model.family", ({ model }) => choiceOf(model)),
      entry("model.targets"),
      entry("model.scale"),
      entry("model.alpha"),
      entry("model.init"),
      entry("model.lr_ratio"),
      entry("model.network_width"),
      entry("model.network_depth"),
      entry("model.layers_per_block"),
      entry("model.has_skip"),
      entry("model.patch_size"),
      entry("model.num_heads"),
      entry("model.mlp_ratio"),
      entry("model.has_norm"),
      entry("model.norm"),
      entry("model.activation"),
      entry("model.positions"),
      entry("model.num_kv_heads"),
      entry("model.has_tied_embeddings"),
      entry("branch_exponent", ({ model }) => ("branch_exponent" in model ? model.branch_exponent : undefined)),
      entry("completep_alpha"),
    ],
  },
  {
    name: "sizes",
    fields: [entry("depths"), entry("base_width"), entry("base_depth"), ...TARGET],
  },
  {
    name: "training",
    fields: [
      entry("optimizer.kind"),
      entry("optimizer.momentum"),
      entry("optimizer.nesterov"),
      entry("optimizer.muon_scale"),
      entry("optimizer.adam_lr_ratio"),
      entry("optimizer.scale_parameter"),
      entry("optimizer.beta1"),
      entry("optimizer.beta2"),
      entry("optimizer.epsilon"),
      entry("optimizer.epsilon_rule"),
      entry("optimizer.weight_decay"),
      entry("optimizer.weight_decay_rule"),
      entry("optimizer.schedule.kind"),
      entry("optimizer.schedule.warmup_fraction"),
      entry("optimizer.schedule.final_fraction"),
      entry("batch_size"),
      entry("precision"),
      entry("batch_rule"),
      entry("steps_rule"),
      entry("divergence_factor"),
      entry("tail_fraction"),
      entry("seeds"),
      entry("spec_seed"),
    ],
  },
  {
    name: "decision",
    fields: [entry("deciding_loss"), entry("cost_unit"), entry("settle.max_seeds"), entry("settle.max_work")],
  },
  {
    name: "budget",
    fields: [
      entry("budget.slot_seconds"),
      entry("budget.money"),
      entry("budget.rate_per_hour"),
      entry("budget.currency"),
    ],
  },
  {
    name: "measurement",
    fields: [
      entry("measure_every"),
      entry("measure_spacing"),
      entry("sharpness_batch_size"),
      entry("sharpness_tolerance"),
      entry("density_grid.linear_limit"),
      entry("density_grid.largest"),
    ],
  },
];

/** A number of seeds is the form's own: the request has the seeds themselves. @type {Setting} */
const NUM_SEEDS = { name: "num_seeds", kind: "number", values: [], families: null, optimizers: null };

/** An entry with what the server says of it. @param {Entry} own @returns {Field} */
export function described(own) {
  const found = own.name === NUM_SEEDS.name ? NUM_SEEDS : setting(own.name);
  if (!found) throw new Error(`The server has no setting ${own.name}`);
  return { ...found, ...own };
}

/** Whether a setting matters to a plan. @param {Field} field @param {Context} context */
export const matters = ({ families, optimizers }, { kind, family }) =>
  isAmong(families, family) && isAmong(optimizers, kind);

/** Whether a name is among some; null stands for all. @param {string[] | null} names @param {string} name */
const isAmong = (names, name) => names === null || names.includes(name);
