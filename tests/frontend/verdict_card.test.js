import assert from "node:assert/strict";
import { test } from "node:test";

import { DECIDING, draw, LOSS, OPEN, SIZE, verdictOf } from "./card_cases.js";

const LANGUAGES = ["en", "ja"];
const IN = ["transfers", "sharpness_drifts"];
/** Outcome, rule and mark, as the rules give them. */
const ANSWERS = [
  ["transfers", "transfers", "yes"],
  ["sharpness_drifts", "spread_level", "yes"],
  ["sharpness_drifts", "cliff_nears", "yes"],
  ["fine_tune", "fine_tune", "no"],
  ["fine_tune", "unstable", "no"],
  ["does_not_transfer", "regret_too_large", "no"],
  ["does_not_transfer", "diverges", "no"],
  ["inconclusive", "unresolved", "unsure"],
  ["inconclusive", "base_at_edge", null],
  ["inconclusive", "sizes_not_run", null],
];

const markOf = (card) =>
  card.having("within").map(({ dataset }) => dataset.within);
const numberOf = (card, name) =>
  card.having("number").find(({ dataset }) => dataset.number === name).text;
const sentenceOn = (card, about) =>
  card.having("about").find(({ dataset }) => dataset.about === about)?.text;

for (const language of LANGUAGES)
  for (const [outcome, rule, within] of ANSWERS)
    test(`${rule} has its own words and the server's mark, and no other (${language})`, async () => {
      const card = await draw(language, verdictOf(outcome, rule, within));
      assert.deepEqual(markOf(card), within === null ? [] : [within]);
      assert.doesNotMatch(card.text, /\b(ui|headline|outcome|rule)\.\w/);
      assert.doesNotMatch(card.text, /\{\w+\}|undefined|NaN/);
    });

test("the number that decides is of the deciding size, in its unit, and has the limit", async () => {
  const card = await draw("en", verdictOf("fine_tune", "fine_tune", "no"));
  assert.match(numberOf(card, "cost"), /1\.2%.*0\.4% to 3%.*Allowed: up to 2%/);
  assert.match(numberOf(card, "cost"), /0\.8 points/);
  assert.match(numberOf(card, "cost"), /7%.*2% to 11%.*true value is higher/);
  assert.match(numberOf(card, "benefit"), /20%.*15% to 25%.*3 points/);
  assert.equal(card.text.match(/Allowed/g).length, 1);
});

test("where evidence is missing no number has a mark, however small the cost looks", async () => {
  const card = await draw(
    "en",
    verdictOf("inconclusive", "sizes_not_run", "yes"),
  );
  assert.deepEqual(markOf(card), []);
  assert.doesNotMatch(card.text, /Decides|within the limit/);
});

test("in extra training the share stands among the details", async () => {
  const unit = {
    unit: "extra_training",
    limit: 0.1,
    cost: LOSS.extra_training,
  };
  const deciding = { ...DECIDING, ...unit, within: "unsure" };
  const card = await draw(
    "en",
    verdictOf("inconclusive", "unresolved", "unsure", { deciding }),
  );
  assert.match(numberOf(card, "cost"), /7%.*Allowed: up to 10%.*true value/);
  assert.match(numberOf(card, "cost"), /achievable improvement: 1\.2%/);
});

test("a measured distance to divergence, an estimate and a bound are told apart", async () => {
  const known = [
    [
      { stable: 1, diverging: 2, is_measured: true },
      /^[^a-z]*4\.0×.*Measured/i,
    ],
    [
      { stable: -1, diverging: 0, is_measured: true },
      /None.*reused rate itself/,
    ],
    [{ stable: 1, diverging: 2, is_measured: false }, /about 4.*Estimated.*2/],
    [
      { stable: 1, diverging: null, is_measured: true },
      /at least 2.*not known/,
    ],
    [null, /Not measured/],
  ];
  for (const [cliff, words] of known) {
    const verdict = verdictOf("transfers", "transfers", "yes");
    verdict.arm.sizes[1] = { ...SIZE, cliff };
    const text = numberOf(await draw("en", verdict), "cliff");
    assert.match(text.replace(/^.*?divergence\s*/, ""), words);
  }
});

test("where divergence decides, its distance has the limit and the mark, and the cost has none", async () => {
  const verdict = verdictOf("fine_tune", "unstable", "yes");
  verdict.arm.sizes[1] = {
    ...SIZE,
    cliff: { stable: null, diverging: 0, is_measured: true },
  };
  const card = await draw("en", verdict);
  assert.match(numberOf(card, "cliff"), /Decides.*outside.*at least 1\.41×/);
  assert.doesNotMatch(
    numberOf(card, "cost"),
    /Decides|Allowed|within the limit/,
  );
});

test("beyond the sizes measured is a statement of its own, said of a transfer only", async () => {
  const beyond = { doublings: 1, cost: LOSS.transfer_regret, holds: true };
  const said = async (outcome, changes) => {
    const shown = { beyond: { ...beyond, ...changes } };
    return sentenceOn(
      await draw("en", verdictOf(outcome, outcome, "yes", shown)),
      "beyond",
    );
  };
  assert.match(
    await said("transfers"),
    /expected to hold.*estimate.*3%.*2% is/,
  );
  assert.match(await said("transfers", { holds: false }), /not assured.*3%/);
  assert.equal(await said("fine_tune"), undefined);
  const none = verdictOf("transfers", "transfers", "yes");
  assert.equal(sentenceOn(await draw("en", none), "beyond"), undefined);
});

test("what a larger model brings is said with the answer", async () => {
  for (const [outcome] of ANSWERS) {
    const rule = outcome === "inconclusive" ? "unresolved" : outcome;
    const none = verdictOf(outcome, rule, "yes", { benefit: "none" });
    const words = sentenceOn(await draw("en", none), "benefit");
    assert.equal(/safe/.test(words), IN.includes(outcome));
    assert.match(words, /hardly pays/);
  }
});

test("only a control that was shown to be worse differs", async () => {
  const said = async (state, outcome = "transfers") => {
    const verdict = verdictOf(outcome, outcome, "yes", {
      control_state: state,
    });
    return sentenceOn(await draw("en", verdict), "control");
  };
  assert.match(await said("worse"), /demonstrably more/);
  assert.match(await said("same"), /any scaling method works/);
  assert.doesNotMatch(await said("same", "fine_tune"), /any scaling method/);
  assert.match(await said("unsure"), /not known/);
  const alone = verdictOf("transfers", "transfers", "yes", { control: null });
  assert.match(sentenceOn(await draw("en", alone), "control"), /no control/);
});

test("an answer of earlier rules has no number that decides, and no wrong word of its control", async () => {
  const earlier = {
    deciding: null,
    benefit: null,
    control_state: null,
    open: null,
  };
  for (const can_discriminate of [true, null]) {
    const verdict = verdictOf("inconclusive", "no_gain", null, {
      ...earlier,
      can_discriminate,
    });
    const card = await draw("ja", verdict, {
      experiment: { is_judged_by_old_rules: true },
    });
    assert.deepEqual(card.having("number"), []);
    assert.doesNotMatch(sentenceOn(card, "control"), /明らかに/);
  }
});

test("errors of logarithms are not taken for the unit of the label", async () => {
  const verdict = verdictOf("transfers", "transfers", "yes");
  const card = await draw("en", verdict, {
    experiment: { is_log_label: true },
  });
  assert.match(card.text, /of the label's logarithm/);
  assert.doesNotMatch((await draw("en", verdict)).text, /logarithm/);
});

test("without a rate to reuse nothing is said about it", async () => {
  const card = await draw(
    "en",
    verdictOf("inconclusive", "base_at_edge", "yes"),
  );
  assert.equal(sentenceOn(card, "benefit"), undefined);
  assert.equal(sentenceOn(card, "control"), undefined);
  assert.deepEqual(card.having("number"), []);
  assert.doesNotMatch(card.text, /Most likely/);
});

for (const language of LANGUAGES)
  test(`a cost at its limit is not said to need more repetitions (${language})`, async () => {
    const open = { ...OPEN, more_seeds: null, can_settle: false };
    const card = await draw(
      language,
      verdictOf("inconclusive", "unresolved", "unsure", { open }),
    );
    const said = {
      en: /At the limit.*More repetitions would not/,
      ja: /許容値の境目.*学習の繰り返しでは決まりません/,
    };
    assert.match(card.text, said[language]);
    assert.doesNotMatch(
      card.text,
      /repetitions are needed|繰り返しが足りません/,
    );
  });
