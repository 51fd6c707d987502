import assert from "node:assert/strict";
import { test } from "node:test";

import { catalogueKeys, t } from "../../../frontend/js/base/i18n.js";
import { setPreference } from "../../../frontend/js/viewer/preferences.js";
import { reasonText } from "../../../frontend/js/verdict/reason_text.js";
import { scenarios } from "../../../frontend/js/verdict/scenarios.js";
import { draw, verdictOf } from "../card_cases.js";
import { speak } from "../browser_stub.js";
import { drawInNode } from "../page_stub.js";

const LANGUAGES = ["en", "ja"];
/** What only an engineer reads: signs, units and methods. */
const FORBIDDEN =
  /η|octave|オクターブ|Clopper|Student|bootstrap|ブートストラップ|\bM7\b|\bSC[12]\b|coordinate check|0{12}/i;
/** Rates that are searched, bounds of intervals and borders: each is written nowhere else. */
const RATES = [
  "0.0111",
  "0.0222",
  "0.0333",
  "0.0444",
  "0.0555",
  "0.0666",
  "0.0777",
];
const RULES = {
  transfers: ["transfers", "flat_optimum"],
  sharpness_drifts: ["spread_level", "spread_growth", "cliff_nears"],
  fine_tune: ["fine_tune", "unstable", "benefit_lost"],
  does_not_transfer: ["regret_too_large", "shift_too_large", "diverges"],
  inconclusive: [
    "unresolved",
    "base_at_edge",
    "coordinate_check",
    "sizes_not_run",
    "missing_runs",
  ],
};
const reason = (code, params) => ({ code, params });

/** An outlook that has everything it can have. */
const OUTLOOK = {
  extrapolation: {
    claim: "extrapolated",
    target: { width: 1024, depth: 2 },
    lr: {
      value: 0.1,
      interval: {
        low: 0.0444,
        high: 0.0555,
        level: 0.9,
        method: "regression_prediction",
      },
    },
  },
  horizon: {
    is_available: false,
    trends: [],
    reasons: [reason("horizon_not_measured", {})],
  },
  recommendation: {
    lr: 0.1,
    lr_interval: {
      low: 0.0444,
      high: 0.0555,
      level: 0.9,
      method: "clopper_pearson",
    },
    narrow_sweep: { lrs: [0.0111, 0.0222, 0.0333], num_runs: 9, seconds: 3600 },
    safe_range: { lr_high: 0.0666, lr_diverged: 0.0777, is_border_seen: true },
    target: { width: 1024, depth: 2 },
    reasons: [
      reason("narrow_search", { low: 0.0444, high: 0.0555, suggested: 0.1 }),
    ],
    gates: [
      {
        name: "pilot",
        state: "next",
        checks: [
          reason("sweep_at_target", {
            count: 3,
            low: 0.0111,
            high: 0.0333,
            seeds: 3,
            runs: 9,
          }),
        ],
        stop_when: [],
      },
    ],
  },
  reliability: {
    chance: 0.9,
    interval: { low: 0.8, high: 0.97 },
    record: null,
    reasons: [],
    is_same_rules: true,
  },
};

const cardAt = (level, language, outcome, rule) =>
  draw(language, verdictOf(outcome, rule, "no", { outlook: OUTLOOK }), {
    level,
  });

for (const language of LANGUAGES)
  for (const [outcome, rules] of Object.entries(RULES))
    for (const rule of rules)
      test(`who decides reads ${outcome} by ${rule} without rates and methods (${language})`, async () => {
        const { text } = await cardAt("manager", language, outcome, rule);
        assert.doesNotMatch(text, FORBIDDEN);
        assert.deepEqual(
          RATES.filter((rate) => text.includes(rate)),
          [],
        );
        for (const name of ["benefit", "cost", "cliff"])
          assert.equal(
            text.includes(t(`ui.number.${name}.title`)),
            rule !== "base_at_edge" && rule !== "coordinate_check",
          );
      });

test("the engineer reads every rate and method of the same answer", async () => {
  for (const [outcome, rule] of [
    ["fine_tune", "fine_tune"],
    ["inconclusive", "unresolved"],
  ]) {
    const { text } = await cardAt("engineer", "en", outcome, rule);
    assert.match(text, FORBIDDEN);
    const searched = RATES.filter((rate) => text.includes(rate));
    assert.deepEqual(searched, RATES);
  }
});

test("every reason has words without signs and methods for who decides", async () => {
  for (const language of LANGUAGES) {
    await speak(language);
    const codes = catalogueKeys().filter((key) => /^reason\.\w+$/.test(key));
    assert.ok(codes.length > 60);
    for (const key of codes) {
      const text = reasonText(
        reason(key.slice("reason.".length), { lr: 0.1, width: 64, depth: 2 }),
      );
      assert.doesNotMatch(text, FORBIDDEN, key);
    }
  }
});

test("scenarios stand without their rates for who decides", async () => {
  await speak("en");
  drawInNode();
  const answer = {
    outcome: "transfers",
    width: 256,
    depth: 2,
    axis: "width",
    base_lr: 0.0111,
  };
  const cost = { value: 0.01, interval: null };
  const rows = ["given", "label_noise=0.2"].map((scenario) => ({
    ...answer,
    scenario,
    transfer_regret: cost,
  }));
  const overall = {
    scenario: "given",
    scenarios: rows,
    holds_under: ["given"],
    is_interim: false,
  };
  const read = () =>
    scenarios(overall, "classification", "given", () => {}).text;

  assert.ok(!read().includes("0.0111"));
  setPreference("level", "engineer");
  assert.ok(read().includes("0.0111"));
});

test("a plain twin belongs to a text and needs nothing that the text has not", async () => {
  await speak("en");
  const keys = catalogueKeys();
  const plain = keys.filter((key) => key.endsWith(".plain"));
  assert.ok(plain.length > 10);
  for (const key of plain)
    assert.ok(keys.includes(key.slice(0, -".plain".length)), key);
});

test("the card itself leads to the other level", async () => {
  const card = await cardAt("manager", "en", "transfers", "transfers");
  assert.match(card.text, /For decisions.*For engineers/);
});
