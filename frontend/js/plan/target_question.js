/** The purpose of the learning rate: asked before the presets, with what it does to the answer. */

import { fill, h } from "../base/dom.js";
import { number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { valuesOf } from "./plan_request.js";
import { settingsField } from "./settings_field.js";
import { TARGET, described } from "./settings_fields.js";

/** @import { Plan, Reason, Spec } from "../../types/answers.js" */
/** @import { OwnSettings } from "../../types/page.js" */

const USES = /** @type {const} */ (["trained", "larger"]);
/** Answers that call for other sizes, or for a nearer target. */
const NOT_ENOUGH = new Set(["too_far", "no_trend"]);

/**
 * @param {OwnSettings} own the settings made so far, changed in place
 * @param {() => void} onChange @param {() => Spec | undefined} spec the latest previewed spec
 */
export function targetQuestion(own, onChange, spec) {
  const effect = h("p", { class: "hint", id: "target-effect", role: "status" });
  const changed = () => {
    own.values = valuesOf(own, spec());
    onChange();
  };
  const fields = TARGET.map((entry) => settingsField(described(entry), own.texts, changed));
  const sizes = h(
    "div",
    { class: "fields" },
    fields.map(({ element }) => element),
  );
  const isAsked = TARGET.some(({ name }) => own.texts[name]);
  sizes.hidden = !isAsked;
  const choose = (/** @type {string} */ use) => {
    sizes.hidden = use !== "larger";
    if (use === "larger") return fields[0].element.querySelector("input")?.focus();
    for (const { name } of TARGET) own.texts[name] = "";
    for (const field of fields) field.read();
    changed();
  };
  const show = (/** @type {Plan | null} */ found) => {
    if (!found) return;
    for (const field of fields) field.update(found.spec);
    // A depth is wanted where depths are compared; else the real model has the one that is trained.
    fields[1].element.hidden ||= found.spec.depths.length < 2 && !own.texts.target_depth;
    effect.classList.toggle("is-warning", NOT_ENOUGH.has(found.target.code));
    fill(effect, effectOf(found.target, !sizes.hidden && !TARGET.some(({ name }) => own.texts[name])));
  };
  const cards = USES.map((use) => card(use, (use === "larger") === isAsked, choose));
  const legend = h("legend", { class: "plan-legend" }, t("ui.target.title"));
  const element = h(
    "div",
    { class: "target" },
    h("fieldset", { class: "presets presets-two" }, legend, cards),
    sizes,
    effect,
  );
  return { element, show };
}

/**
 * What the choice does to the answer; a larger model without a size asks for one.
 * @param {Reason} target @param {boolean} isUnsaid
 */
export function effectOf({ code, params }, isUnsaid = false) {
  if (isUnsaid) return t("ui.target.say");
  const { width = 0, factor = 1, limit = 1, needed = 0 } = /** @type {Record<string, number>} */ (params);
  const words = { width: String(width), factor: number(factor), limit: number(limit), needed: number(needed) };
  return t(`target.${code}`, words);
}

/** @param {(typeof USES)[number]} use @param {boolean} isChosen @param {(use: string) => void} choose */
function card(use, isChosen, choose) {
  const input = h("input", { type: "radio", name: "use", value: use, id: `use-${use}` });
  input.checked = isChosen;
  input.addEventListener("change", () => choose(use));
  return h(
    "label",
    { class: "start-card", for: input.id },
    input,
    h("span", { class: "preset-name" }, t(`ui.target.${use}`)),
    h("span", { class: "hint" }, t(`ui.target.means.${use}`)),
  );
}
