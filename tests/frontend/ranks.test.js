/** Where experiments stand side by side, each is said in the words of its own sizes: widths, or ranks of adapters. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { sayOf, t } from "../../frontend/js/base/i18n.js";
import { experimentTable } from "../../frontend/js/pages/lists/experiment_table.js";
import { speak } from "./browser_stub.js";
import { drawInNode } from "./page_stub.js";

const ITEM = {
  id: "a",
  name: "trial",
  notes: "",
  tags: [],
  dataset: { name: "prices", example: null },
  preset: null,
  widths: [8, 2, 4],
  target_width: 64,
  num_runs: 12,
  state: "completed",
  outcome: null,
  share_done: null,
  is_cancelling: false,
  seconds: 4,
  predicted_seconds: 4,
  created_at: "2026-11-30T06:00:00Z",
};
const NOTHING_CHOSEN = { has: () => false, size: 0, set: () => {} };

for (const [language, widths, ranks] of [
  ["en", "widths 2, 4, 8, target 64", "ranks 2, 4, 8, target 64"],
  ["ja", "幅 2, 4, 8（目標 64）", "ランク 2, 4, 8（目標 64）"],
])
  test(`a list names the sizes of each experiment, in ${language}`, async () => {
    await speak(language);
    drawInNode();
    const shown = (areRanks) =>
      experimentTable([{ ...ITEM, are_ranks: areRanks }], NOTHING_CHOSEN).text;
    assert.ok(shown(true).replaceAll("、", ", ").includes(ranks), shown(true));
    assert.ok(
      shown(false).replaceAll("、", ", ").includes(widths),
      shown(false),
    );
  });

test("what is said after an experiment over ranks is said as before", async () => {
  await speak("en");
  const inside = sayOf(true, () => t("size.width", { width: 8 }));
  assert.equal(inside, "rank 8");
  assert.throws(() =>
    sayOf(true, () => {
      throw new Error("not drawn");
    }),
  );
  assert.equal(t("size.width", { width: 8 }), "width 8");
});
