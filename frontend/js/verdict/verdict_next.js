/** What to do next: the LR to use at the target with its range, a narrow search, the next step of the roll-out. */

import { h } from "../base/dom.js";
import { about, figure, list, number, percent } from "../base/format.js";
import { t } from "../base/i18n.js";
import { sizeText } from "../base/size_text.js";
import { reasonText } from "./reason_text.js";

/** @param {any} verdict @returns {any} */
export function verdictNext(verdict) {
  const { outcome, outlook, is_interim: isInterim } = verdict;
  if (isInterim) return h("p", {}, t("ui.verdict.next_interim"));
  const advice = outlook?.recommendation;
  const words = h("p", {}, t(`outcome.${outcome}.next`));
  return advice
    ? [headline(verdict, advice), words, facts(verdict, advice), nextGate(advice.gates)]
    : [simple(verdict), words];
}

/** Without an outlook, as of earlier rules: the reused LR or the range to search. */
function simple({ outcome, arm }) {
  const { base_lr: lr } = arm;
  const search = arm.reasons.find((reason) => reason.code === "narrow_search")?.params;
  const range = search
    ? t("ui.verdict.search", {
        low: figure(search.low),
        high: figure(search.high),
        suggested: figure(search.suggested),
      })
    : null;
  const use =
    ["transfers", "sharpness_drifts"].includes(outcome) && lr ? t("ui.verdict.use", { lr: figure(lr) }) : null;
  return use || range ? h("p", { class: "verdict-lr" }, use ?? range) : null;
}

function headline({ outcome }, { lr, narrow_sweep: sweep }) {
  if (sweep && outcome === "fine_tune")
    return h("p", { class: "verdict-lr" }, t("ui.next.try", { lrs: list(sweep.lrs, figure) }));
  return lr === null ? null : h("p", { class: "verdict-lr" }, t("ui.verdict.use", { lr: figure(lr) }));
}

function facts({ outlook }, { target, lr, lr_interval: ends, safe_range: safe, narrow_sweep: sweep, reasons }) {
  const isFar = outlook.extrapolation.claim === "extrapolated";
  const entries = [
    ["target", sizeText(target.width), isFar ? t("ui.next.is_extrapolated") : null],
    ends && [
      "interval",
      t("ui.number.range", { low: figure(ends.low), high: figure(ends.high) }),
      t("ui.next.level", { percent: percent(ends.level) }),
    ],
    safe && [
      "safe",
      t("ui.number.up_to", { value: figure(safe.lr_high) }),
      safe.is_border_seen
        ? t("ui.next.border.seen", { lr: figure(safe.lr_diverged ?? safe.lr_high) })
        : t("ui.next.border.unseen"),
    ],
    sweep && [
      "sweep",
      list(sweep.lrs, figure),
      t("ui.next.sweep_takes", {
        runs: number(sweep.num_runs),
        time: sweep.seconds === null ? "–" : about(sweep.seconds),
      }),
    ],
    chance(outlook.reliability, lr ?? sweep),
  ].filter(Boolean);
  const made = entries.map(([name, value, more]) =>
    h(
      "div",
      {},
      h("dt", {}, t(`ui.next.${name}`)),
      h("dd", { class: "number" }, value),
      more ? h("dd", { class: "hint" }, more) : null,
    ),
  );
  return [
    h("dl", { class: "facts next-facts" }, made),
    reasons.length
      ? h(
          "ul",
          { class: "plain hint" },
          reasons.map((reason) => h("li", {}, reasonText(reason))),
        )
      : null,
  ];
}

/** How often such a recommendation held in the calibration study; nothing where nothing is recommended. */
function chance({ chance: value, interval }, advice) {
  if (value === null || advice === null) return null;
  return [
    "chance",
    percent(value),
    interval ? t("ui.next.chance_range", { low: percent(interval.low), high: percent(interval.high) }) : null,
  ];
}

function nextGate(gates) {
  const gate = gates.find((item) => item.state === "next") ?? gates.find((item) => item.state === "stopped");
  if (!gate) return null;
  const points = (name) =>
    gate[name].length
      ? [
          h("p", { class: "hint" }, t(`ui.gate.${name}`)),
          h(
            "ul",
            { class: "plain" },
            gate[name].map((reason) => h("li", {}, reasonText(reason))),
          ),
        ]
      : null;
  return h(
    "details",
    { class: "fold-small", id: "gate" },
    h("summary", {}, t(`ui.gate.${gate.state}`, { gate: t(`ui.gate.name.${gate.name}`) })),
    points("checks"),
    points("stop_when"),
  );
}
