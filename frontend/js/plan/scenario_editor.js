/** The scenarios of a plan: a list to which one adds a kind with a value; the server says which there can be. */

import { fill, h } from "../base/dom.js";
import { figure, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { isShare, scenarioKey, scenarioText } from "../base/scenario_text.js";

/**
 * @param {any} dataset @param {any} own the choices so far; `own.scenarios` are those of the plan until one is changed
 * @param {() => void} onChange @param {() => any} plan the latest previewed plan
 */
export function scenarioEditor({ shape: { task } }, own, onChange, plan) {
  const items = h("ul", { class: "scenario-list" });
  const kind = h("select", { id: "scenario-kind" });
  const value = h("input", {
    type: "text",
    id: "scenario-value",
    inputmode: "decimal",
    autocomplete: "off",
    "aria-describedby": "scenario-hint",
  });
  const name = h("select", { id: "scenario-name" });
  const hint = h("p", { class: "hint", id: "scenario-hint", "aria-live": "polite" });
  const button = h("button", { type: "submit", class: "button" }, t("ui.scenarios.add"));
  const fields = [control("kind", kind), control("value", value), control("name", name)];
  const form = h("form", { class: "controls scenario-form" }, fields, button);
  const shown = () => own.scenarios ?? (plan()?.spec.scenarios ?? []).filter((scenario) => scenario !== "as_given");
  const kinds = () => plan()?.scenario_kinds ?? [];
  const chosen = () => kinds().find((item) => item.kind === kind.value);

  const choose = () => {
    const limits = chosen();
    const isNamed = Boolean(limits?.names.length);
    fields[1].hidden = isNamed;
    fields[2].hidden = !isNamed;
    fill(
      name,
      (limits?.names ?? []).map((entry) => h("option", { value: entry }, t(`scenario.schedule.${entry}`))),
    );
    fill(hint, limits ? hintOf(limits, task) : null);
  };
  const set = (scenarios) => {
    own.scenarios = scenarios;
    list();
    onChange();
  };
  const list = () =>
    fill(
      items,
      h("li", {}, t("scenario.as_given")),
      shown().map((scenario) => h("li", {}, scenarioText(scenario, task), remove(scenario))),
    );
  const remove = (scenario) =>
    h(
      "button",
      {
        type: "button",
        class: "button button-quiet",
        "aria-label": t("ui.scenarios.remove_it", { scenario: scenarioText(scenario, task) }),
        on: { click: () => set(shown().filter((item) => item !== scenario)) },
      },
      t("ui.scenarios.remove"),
    );
  const update = () => {
    const before = kind.value;
    fill(
      kind,
      kinds().map((item) => h("option", { value: item.kind }, t(`ui.scenarios.kind.${item.kind}`))),
    );
    if (kinds().some((item) => item.kind === before)) kind.value = before;
    choose();
    list();
  };
  value.addEventListener("input", () => value.setCustomValidity(""));
  kind.addEventListener("change", () => ((value.value = ""), choose()));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const limits = chosen();
    const text = limits?.names.length ? name.value : numberOf(value.value);
    if (!limits || text === "") return value.focus();
    if (!isWithin(limits, text)) {
      value.setCustomValidity(limitsText(limits, task));
      return value.reportValidity();
    }
    value.value = "";
    set([...new Set([...shown(), `${limits.kind}:${text}`])]);
  });
  update();
  const box = h(
    "details",
    { class: "fold", id: "scenario-editor", open: shown().length > 0 },
    h("summary", {}, t("ui.scenarios.edit")),
    h("p", { class: "hint" }, t("ui.scenarios.why")),
    items,
    form,
    hint,
  );
  return { element: box, update };
}

const control = (name, field) =>
  h("div", { class: "control" }, h("label", { for: field.id }, t(`ui.scenarios.${name}`)), field);

/** What a value means, and between which limits the server takes it. */
function hintOf(limits, task) {
  const means = t(`ui.scenarios.means.${scenarioKey(limits.kind, task).slice("scenario.".length)}`);
  return limits.names.length ? means : [means, " ", limitsText(limits, task)];
}

/** Tenths of a percent: a limit must not be rounded to one that is refused. */
function limitsText({ kind, low, high }, task) {
  const shown = isShare(kind, task) ? (value) => number(value, { style: "percent", maximumFractionDigits: 1 }) : figure;
  return t("ui.scenarios.limits", { low: shown(low), high: kind === "batch_size" ? number(high) : shown(high) });
}

/** Tell at once what the server would refuse. */
function isWithin({ low, high, is_whole: isWhole, names }, text) {
  const given = Number(text);
  return names.length > 0 || (given >= low && given <= high && (!isWhole || Number.isInteger(given)));
}

/** A number as the server reads it: `20%` is 0.2; what is no number stays, so that the server can say so. */
function numberOf(text) {
  const plain = text.normalize("NFKC").trim();
  const share = /^([\d.]+)\s*%$/.exec(plain);
  return share ? String(Number((Number(share[1]) / 100).toPrecision(6))) : plain;
}
