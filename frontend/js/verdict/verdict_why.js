/** The rule, the evidence and the thresholds, for who wants to check the answer. */

import { h } from "../base/dom.js";
import { figure, octaves, percent } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { reasonText } from "./reason_text.js";
import { verdictTrust } from "./verdict_trust.js";

const HEADS = [
  "width",
  "loss",
  "optimum",
  "shift",
  "regret",
  "gain_loss",
  "diverged",
  "margin",
  "spread",
  "growth",
  "edge",
  "speed",
];

/** @param {any} verdict @param {any} experiment when it was fixed and first run @returns {HTMLElement} */
export function verdictWhy(verdict, experiment) {
  const arms = [verdict.arm, verdict.control].filter(Boolean);
  return h(
    "details",
    { class: "fold", id: "why" },
    h("summary", {}, t("ui.why.title")),
    h("p", {}, ruleText(verdict.rule)),
    verdict.reasons.length
      ? h(
          "ul",
          { class: "plain" },
          verdict.reasons.map((reason) => h("li", {}, reasonText(reason))),
        )
      : null,
    arms.map(armTable),
    verdictTrust(verdict, experiment),
  );
}

const ruleText = (rule) => (has(`rule.${rule}`) ? t(`rule.${rule}`) : rule);

function armTable(arm) {
  const hasDepths = new Set(arm.sizes.map((size) => size.depth)).size > 1;
  const rows = arm.sizes.flatMap((size) =>
    size.losses.map((loss, place) => row(size, loss, place === 0, size.losses.length, hasDepths)),
  );
  const heads = HEADS.map((name) => (name === "width" && hasDepths ? "size" : name));
  return [
    h(
      "h4",
      {},
      t("ui.why.arm", { arm: t(`figure.arm.${arm.parametrization}`), outcome: t(`ui.outcome.short.${arm.outcome}`) }),
    ),
    h("p", { class: "hint" }, t("ui.why.base", { lr: figure(arm.base_lr), slope: estimate(arm.lr_slope, octaves) })),
    arm.axes.length > 1
      ? h(
          "ul",
          { class: "plain hint" },
          arm.axes.map((axis) => h("li", {}, axisText(axis))),
        )
      : null,
    h(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": t(`figure.arm.${arm.parametrization}`) },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((name) => h("th", { scope: "col" }, t(`ui.why.head.${name}`))),
          ),
        ),
        h("tbody", {}, rows),
      ),
    ),
    arm.coordinate_checks.map(checkTable),
  ];
}

const PARTS = ["part", "updates", "slope", "expected", "state"];

/** M7: how every part scales with width, and how it should. */
function checkTable(check) {
  const rows = check.slopes.map((item) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, t(`coordinate.part.${item.part}.${item.num_updates ? "change" : "start"}`)),
      h("td", { class: "number" }, String(item.num_updates)),
      h("td", { class: "number" }, estimate(item.slope, octaves)),
      h("td", { class: "number" }, expected(item)),
      h("td", {}, item.state ? t(`ui.why.check.${item.state}`) : "–"),
    ),
  );
  const title = t("ui.why.check", {
    depth: check.depth,
    lr: figure(check.lr),
    state: t(`ui.why.check.${check.state}`),
  });
  const heads = PARTS.map((name) => h("th", { scope: "col" }, t(`ui.why.check.head.${name}`)));
  const table = h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows));
  return [
    h("p", { class: "hint" }, title),
    rows.length ? h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table) : null,
  ];
}

function expected({ expected_low: low, expected_high: high }) {
  if (low === null) return "–";
  if (high === null) return `≥ ${figure(low)}`;
  return low === high ? figure(low) : t("ui.number.range", { low: figure(low), high: figure(high) });
}

function axisText({ axis, outcome, rule, lr_slope: slope }) {
  return t("ui.why.axis", {
    axis: t(`ui.axis.${axis}`),
    outcome: t(`ui.outcome.short.${outcome}`),
    rule: ruleText(rule),
    slope: estimate(slope, octaves),
  });
}

function row(size, loss, isFirst, count, hasDepths) {
  const cell = (value) => h("td", { class: "number" }, value);
  const shared = (value) => (isFirst ? h("td", { class: "number", rowspan: count }, value) : null);
  return h(
    "tr",
    {},
    isFirst
      ? h(
          "th",
          { scope: "row", rowspan: count, class: "number" },
          hasDepths ? `${size.width} × ${size.depth}` : String(size.width),
        )
      : null,
    h("td", {}, has(`loss.${loss.loss}`) ? t(`loss.${loss.loss}`) : loss.loss),
    cell(figure(loss.optimal_lr) + (loss.is_edge ? t("ui.why.edge") : "")),
    cell(estimate(loss.lr_shift, octaves)),
    cell(estimate(loss.transfer_regret, percent)),
    cell(estimate(loss.gain_loss, percent)),
    shared(percent(size.divergence_rate)),
    shared(figure(size.lr_margin)),
    shared(size.spread_level === null ? "–" : figure(size.spread_level)),
    shared(estimate(size.spread_growth, figure)),
    shared(percent(size.edge_share)),
    shared(figure(size.speed)),
  );
}

function estimate({ value, interval }, format) {
  if (value === null) return "–";
  return interval ? `${format(value)} [${format(interval.low)}, ${format(interval.high)}]` : format(value);
}
