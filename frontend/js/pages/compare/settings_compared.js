/** The definitions side by side: only what differs, and all of it in a fold. */

import { h } from "../../base/dom.js";
import { number } from "../../base/format.js";
import { sayOf, t } from "../../base/i18n.js";
import { differenceTable } from "../../plan/spec/difference_table.js";
import { differing, groupTitle, specLines } from "../../plan/spec/spec_lines.js";
import { isOfRanks } from "../../words/size_text.js";
import { letterOf } from "./letters.js";

/** @import { Compared } from "../../../types/answers.js" */

/** @param {Compared[]} experiments */
export function settingsCompared(experiments) {
  const areRanks = experiments.every(({ spec }) => isOfRanks(spec));
  return sayOf(areRanks, () => section(experiments));
}

/** @param {Compared[]} experiments */
function section(experiments) {
  const groups = specLines(
    experiments.map(({ spec }) => spec),
    experiments[0].task,
  );
  const lines = differing(groups);
  const names = experiments.map(({ name }, at) => `${letterOf(at)} ${name}`);
  const title = t("ui.compare.differences");
  const all = groups.filter((group) => group.lines.length > 0);
  return h(
    "section",
    { class: "panel stack", id: "compare-differences" },
    h("h2", {}, title),
    lines.length
      ? [h("p", {}, t("ui.compare.differing", { count: number(lines.length) })), differenceTable(title, names, lines)]
      : h("p", {}, t("ui.compare.equal")),
    h(
      "details",
      { class: "fold", id: "compare-all" },
      h("summary", {}, t("ui.compare.all")),
      all.map((group) => [
        h("h3", {}, groupTitle(group.name)),
        differenceTable(groupTitle(group.name), names, group.lines),
      ]),
    ),
  );
}
