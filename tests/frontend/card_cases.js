/** A verdict like those the server gives, and the card that is drawn of it. */

import { verdictCard } from "../../frontend/js/verdict/verdict_card.js";
import { setPreference } from "../../frontend/js/viewer/preferences.js";
import { speak } from "./browser_stub.js";
import { drawInNode } from "./page_stub.js";

export const OPEN = {
  likely: "transfers",
  more_seeds: 3,
  can_settle: true,
};
const estimate = (value, low, high) => ({
  value,
  interval: { low, high, level: 0.9, method: "student_t" },
});

export const LOSS = {
  loss: "val_loss",
  optimal_lr: 0.1,
  is_edge: false,
  lr_shift: estimate(0.2, -0.1, 0.5),
  transfer_regret: estimate(0.012, 0.004, 0.03),
  cost: estimate(0.024, 0.008, 0.06),
  after_search: estimate(0.001, 0, 0.002),
  gain_loss: estimate(0.06, 0.02, 0.15),
  benefit: estimate(0.4, 0.3, 0.5),
  benefit_share: 0.2,
  extra_training: estimate(0.07, 0.02, 0.11),
};

export const SIZE = {
  width: 256,
  depth: 2,
  losses: [LOSS],
  cliff: { stable: 1, diverging: 2, is_measured: true },
  field: {
    metric: "val_accuracy",
    cost: estimate(0.008, 0.002, 0.014),
    benefit: estimate(0.03, 0.02, 0.04),
  },
  spread_growth: estimate(null),
};

const RANGES = {
  widths: [32, 128, 256],
  depths: [2],
  num_steps: 300,
  batch_size: 64,
  num_seeds: 3,
  lr_low: 0.01,
  lr_high: 1,
  not_claimed: [],
};

export const DECIDING = {
  width: 256,
  depth: 2,
  loss: "val_loss",
  unit: "share",
  cost: LOSS.transfer_regret,
  limit: 0.02,
  number: "cost",
};

/** Rules that the distance to divergence decides. */
const BY_CLIFF = ["unstable", "diverges"];
/** Rules that ask for more evidence: no number decides. */
const BY_NONE = [
  "base_at_edge",
  "sizes_not_run",
  "coordinate_check",
  "missing_runs",
];

const numberOf = (rule) =>
  BY_NONE.includes(rule) ? null : BY_CLIFF.includes(rule) ? "cliff" : "cost";

/** An arm with a size smaller than the one that decides, whose numbers must not be shown. */
function armOf(outcome, rule) {
  const small = {
    ...SIZE,
    width: 128,
    losses: [{ ...LOSS, benefit_share: 0 }],
  };
  return {
    parametrization: "mup",
    outcome,
    rule,
    reasons: [],
    base_lr: 0.1,
    lr_slope: estimate(null),
    sizes: [small, SIZE],
    axes: [],
    coordinate_checks: [],
  };
}

/** A verdict as the server gives it for an outcome and the rule that gave it. */
export function verdictOf(outcome, rule, within, changes = {}) {
  const arm = armOf(outcome, rule);
  return {
    outcome,
    rule,
    rule_version: "5",
    reasons: [{ code: "provisional", params: { given: 3, needed: 5 } }],
    is_interim: false,
    is_provisional: true,
    arm,
    control: { ...arm, parametrization: "sp" },
    control_state: "same",
    can_discriminate: false,
    deciding: {
      ...DECIDING,
      within,
      number: numberOf(rule),
    },
    beyond: null,
    benefit: "clear",
    open: outcome === "inconclusive" ? OPEN : null,
    base_width: 32,
    ranges: RANGES,
    thresholds: { min_margin: 0.5 },
    spec_sha256: "0".repeat(64),
    outlook: null,
    early: null,
    ...changes,
  };
}

const EXPERIMENT = {
  id: "e1",
  name: "prices",
  state: "completed",
  is_judged_by_old_rules: false,
  is_log_label: false,
  spec: { depths: [2], base_depth: 2 },
  created_at: "2026-11-28T10:00:00Z",
};

export async function draw(
  language,
  verdict,
  { experiment, onReopened, level = null } = {},
) {
  await speak(language);
  setPreference("level", level);
  drawInNode();
  const shown = { ...EXPERIMENT, ...experiment };
  return verdictCard(verdict, shown, "", { onJudged() {}, onReopened });
}
