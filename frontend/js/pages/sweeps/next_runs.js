/** The cheapest runs that would settle a sweep, or confirm it: the first ones, and all of them as a file. */

import { addressOf } from "../../base/api.js";
import { h, icon } from "../../base/dom.js";
import { figure, number } from "../../base/format.js";
import { ICONS } from "../../base/icons.js";
import { t } from "../../base/i18n.js";
import { headCells, scrollTable } from "../../base/tables.js";
import { settingText } from "./answer.js";

/** @import { NextRun, SweepAnswer } from "../../../types/answers.js" */

const MOST_SHOWN = 8;
const HEADS = ["setting", "lr", "seeds", "purpose"];

/** @param {string} id @param {SweepAnswer} answer */
export function nextRuns(id, { arms, judged_arm: judged }) {
  const isJudged = (/** @type {{arm: Record<string, string>}} */ { arm }) =>
    JSON.stringify(arm) === JSON.stringify(judged);
  const ordered = [...arms].sort((a, b) => Number(isJudged(b)) - Number(isJudged(a)));
  const runs = ordered.flatMap((arm) => arm.axes.flatMap((axis) => [...axis.next_runs]));
  const title = t("report.sweep.run.title");
  const rest = runs.length - MOST_SHOWN;
  const heads = headCells(HEADS.map((name) => t(`report.sweep.run.${name}`)));
  return h(
    "section",
    { class: "panel stack", id: "sweep-runs" },
    h("h2", {}, title),
    runs.length
      ? [
          h("p", {}, t("report.sweep.run.lead")),
          scrollTable(title, heads, runs.slice(0, MOST_SHOWN).map(row)),
          rest > 0 ? h("p", { class: "hint" }, t("report.sweep.run.rest", { count: number(rest) })) : null,
          h(
            "a",
            { class: "button", href: addressOf(`/sweeps/${id}/next-runs`), download: true },
            icon(ICONS.download),
            t("ui.sweep.runs_csv"),
          ),
        ]
      : h("p", {}, t("ui.sweep.no_runs")),
  );
}

/** @param {NextRun} run */
const row = (run) =>
  h(
    "tr",
    {},
    h("th", { scope: "row" }, settingText(run)),
    h("td", { class: "number" }, figure(run.lr)),
    h("td", { class: "number" }, number(run.num_seeds)),
    h("td", {}, t(`sweep.purpose.${run.purpose}`)),
  );
