/** Scenarios side by side: what each answered, where, by how much, and which one decides. */

import { h } from "../base/dom.js";
import { figure, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { scenarioText } from "../base/scenario_text.js";
import { sizeText } from "../base/size_text.js";
import { outcomeChip } from "./outcome_chip.js";

const HEADS = ["scenario", "answer", "size", "lr", "regret"];

/**
 * @param {any} overall @param {string} task @param {string} shown the scenario whose verdict is shown
 * @param {(scenario: string) => void} onShow @returns {HTMLElement | null} nothing where there is one scenario only
 */
export function scenarios(overall, task, shown, onShow) {
  if (!overall || overall.scenarios.length < 2) return null;
  const row = (item) =>
    h(
      "tr",
      { "aria-current": item.scenario === shown ? "true" : null },
      h(
        "th",
        { scope: "row" },
        scenarioText(item.scenario, task),
        item.scenario === overall.scenario ? h("span", { class: "chip" }, t("ui.scenarios.decides")) : null,
      ),
      h("td", {}, outcomeChip(item.outcome)),
      h("td", { class: "number" }, sizeOf(item)),
      h("td", { class: "number" }, figure(item.base_lr)),
      h("td", { class: "number" }, regretOf(item.transfer_regret)),
      h(
        "td",
        {},
        item.scenario === shown
          ? t("ui.scenarios.shown")
          : h(
              "button",
              {
                type: "button",
                class: "button",
                data: { scenario: item.scenario },
                on: { click: () => onShow(item.scenario) },
              },
              t("ui.scenarios.show"),
            ),
      ),
    );
  const heads = HEADS.map((name) => h("th", { scope: "col" }, t(`ui.scenarios.head.${name}`)));
  return h(
    "section",
    { class: "panel stack", id: "scenarios", "aria-labelledby": "scenarios-title" },
    h("h2", { id: "scenarios-title" }, t("ui.scenarios.title")),
    h("p", { class: "lead" }, overallText(overall, task)),
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-labelledby": "scenarios-title" },
      h("table", {}, h("thead", {}, h("tr", {}, heads, h("td", {}))), h("tbody", {}, overall.scenarios.map(row))),
    ),
    h("p", { class: "hint" }, t("ui.scenarios.rule")),
  );
}

/** "Holds: as given. Breaks: 20% of the labels wrong (width 256)." @param {any} overall @param {string} task */
export function overallText(overall, task) {
  const { holds_under: holds, scenarios: all } = overall;
  const names = (list) => list.map((scenario) => scenarioText(scenario, task)).join(t("ui.scenarios.and"));
  const having = (outcome) => all.filter((item) => item.outcome === outcome);
  const failing = (outcome) =>
    having(outcome)
      .map((item) => t("ui.scenarios.at", { scenario: scenarioText(item.scenario, task), size: sizeOf(item) }))
      .join(t("ui.scenarios.and"));
  const open = having("inconclusive").map((item) => item.scenario);
  return [
    holds.length === all.length
      ? t("ui.scenarios.holds_everywhere")
      : holds.length
        ? t("ui.scenarios.holds", { scenarios: names(holds) })
        : null,
    ...["does_not_transfer", "fine_tune"].map((outcome) =>
      having(outcome).length ? t(`ui.scenarios.breaks.${outcome}`, { scenarios: failing(outcome) }) : null,
    ),
    open.length
      ? t(overall.is_interim ? "ui.scenarios.pending" : "ui.scenarios.open", { scenarios: names(open) })
      : null,
  ]
    .filter(Boolean)
    .join(t("ui.scenarios.join"));
}

function sizeOf({ width, depth, axis }) {
  if (width === null) return "–";
  return sizeText(width, axis === "width" ? null : depth);
}

function regretOf({ value, interval }) {
  if (value === null) return "–";
  if (!interval) return percent(value);
  return `${percent(value)} [${percent(interval.low)}, ${percent(interval.high)}]`;
}
