/** What the answer can be trusted by: how intervals are made, how often it was wrong, and what was fixed when. */

import { h } from "../base/dom.js";
import { dateTime, figure, number, percent } from "../base/format.js";
import { has, t } from "../base/i18n.js";
import { reasonText } from "./reason_text.js";

/** @param {any} verdict @param {any} experiment @returns {any[]} */
export function verdictTrust(verdict, experiment) {
  return [
    h("h4", {}, t("ui.trust.title")),
    h(
      "ul",
      { class: "plain", id: "trust" },
      [methods(verdict), ...errors(verdict.outlook), fixed(verdict, experiment)].map(
        (line) => line && h("li", {}, line),
      ),
    ),
    h("h4", {}, t("ui.why.thresholds")),
    thresholds(verdict.thresholds),
  ];
}

/** Every method and level that the verdict's intervals have. */
function methods(verdict) {
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

/** What the calibration study allows one to claim of a verdict like this. */
function errors(outlook) {
  const reliability = outlook?.reliability;
  if (!reliability) return [];
  const { record, error_bound: bound, is_same_rules: isSame, reasons } = reliability;
  // The first line says the error's bound and the second which rules: not once more below.
  const said = reasons
    .filter(({ code }) => !record || !["error_bound", "calibrated_otherwise"].includes(code))
    .map(reasonText);
  if (!record) return said.length ? said : [t("ui.trust.not_calibrated")];
  const { count, of } = record.false_transfers;
  const line = t("ui.trust.errors", {
    count: number(count),
    of: number(of),
    bound: bound === null ? "–" : percent(bound),
    date: record.date,
  });
  return [line, isSame ? null : t("ui.trust.other_rules", { version: record.rule_version }), ...said];
}

/** No moving goalposts: what was hashed, when, and when the first run began. */
function fixed(verdict, { created_at: created, started_at: started }) {
  const params = {
    version: verdict.rule_version,
    sha256: verdict.spec_sha256.slice(0, 12),
    created: dateTime(created),
    started: started ? dateTime(started) : "–",
  };
  return t("ui.trust.fixed", params);
}

function thresholds(found) {
  const entries = Object.entries(found).map(([name, value]) =>
    h(
      "div",
      {},
      h("dt", {}, has(`ui.threshold.${name}`) ? t(`ui.threshold.${name}`) : name),
      h("dd", { class: "number" }, figure(value)),
    ),
  );
  return h("dl", { class: "pairs pairs-dense" }, entries);
}
