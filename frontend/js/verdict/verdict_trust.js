/** What the answer can be trusted by: how intervals are made, how often it was wrong, and what was fixed when. */

import { h } from "../base/dom.js";
import { dateTime, figure, number, percent } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { readsAsEngineer } from "../viewer/reading_level.js";
import { factEntries } from "../base/tables.js";
import { reasonText } from "./reason_text.js";

/** @import { Experiment, Outlook, Thresholds, Verdict } from "../../types/answers.js" */

/** @param {Verdict} verdict @param {Experiment} experiment */
export function verdictTrust(verdict, experiment) {
  const isEngineer = readsAsEngineer();
  const lines = [isEngineer ? methods(verdict) : null, ...errors(verdict.outlook), fixed(verdict, experiment)];
  const items = lines.map((line) => line && h("li", {}, line));
  return [
    h("h4", {}, t("ui.trust.title")),
    h("ul", { class: "plain", id: "trust" }, items),
    isEngineer ? [h("h4", {}, t("ui.why.thresholds")), thresholds(verdict.thresholds)] : null,
  ];
}

/** Every method and level that the verdict's intervals have. @param {Verdict} verdict */
function methods(verdict) {
  /** @type {Set<string>} */
  const found = new Set();
  JSON.stringify(verdict, (_key, value) => {
    if (typeof value?.method === "string" && typeof value.level === "number")
      found.add(`${value.method}/${value.level}`);
    return value;
  });
  const named = [...found].sort().map((entry) => {
    const [method, level] = entry.split("/");
    const key = `ui.interval.${method}`;
    return t("ui.interval.at", { method: has(key) ? t(key) : method, percent: percent(Number(level)) });
  });
  return named.length ? t("ui.trust.intervals", { methods: named.join(t("ui.list_and")) }) : null;
}

/** What the calibration study allows one to claim of a verdict like this. @param {Outlook | null} outlook */
function errors(outlook) {
  if (!outlook) return [];
  const { record, error_bound: bound, is_same_rules: isSame, reasons } = outlook.reliability;
  if (!record) return reasons.length ? reasons.map(reasonText) : [t("ui.trust.not_calibrated")];
  // The first line says the error's bound and the second which rules: not once more below.
  const others = reasons.filter(({ code }) => !["error_bound", "calibrated_otherwise"].includes(code));
  const { count, of } = record.false_transfers;
  const shown = {
    count: number(count),
    of: number(of),
    bound: bound === null ? "–" : percent(bound),
    date: record.date,
  };
  const rules = isSame ? null : t("ui.trust.other_rules", { version: record.rule_version });
  return [t("ui.trust.errors", shown), rules, ...others.map(reasonText)];
}

/**
 * No moving goalposts: what was hashed, when, and when the first run began.
 * @param {Verdict} verdict @param {Experiment} experiment
 */
function fixed(verdict, { created_at: created, started_at: started }) {
  return t("ui.trust.fixed", {
    version: verdict.rule_version,
    sha256: verdict.spec_sha256.slice(0, 12),
    created: dateTime(created),
    started: started ? dateTime(started) : "–",
  });
}

/** @param {Thresholds} found */
function thresholds(found) {
  const nameOf = (/** @type {string} */ name) => (has(`ui.threshold.${name}`) ? t(`ui.threshold.${name}`) : name);
  const entries = Object.entries(found).map(([name, value]) => /** @type {const} */ ([nameOf(name), figure(value)]));
  return h("dl", { class: "pairs pairs-dense" }, factEntries(entries));
}
