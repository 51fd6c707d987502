/** The assumed law of the loss over compute, editable; the sweep is judged again with it. */

import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";

/** @import { Sweep } from "../../../types/answers.js" */
/** @typedef {Sweep["choices"]["law"]} Law */

/** Offered where none is assumed: that of language models. */
const USUAL = { irreducible: 1.6, exponent: 0.0941 };

/** The assumed law of the loss over compute. @param {Law} law @param {(law: Law) => unknown} onLaw */
export function lawForm(law, onLaw) {
  const least = amount("irreducible", law, { min: 0 });
  const exponent = amount("exponent", law, { min: 0.0001, max: 2 });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    onLaw({ irreducible: least.valueAsNumber, exponent: exponent.valueAsNumber });
  };
  const click = () => onLaw(null);
  return h(
    "form",
    { class: "row", id: "sweep-law", on: { submit } },
    [least, exponent].map((input) =>
      h("div", { class: "field" }, h("label", { for: input.id }, t(`ui.sweep.law.${input.name}`)), input),
    ),
    h("button", { class: "button" }, t("ui.sweep.law.judge")),
    law ? h("button", { type: "button", class: "button button-quiet", on: { click } }, t("ui.sweep.law.none")) : null,
  );
}

/** @param {"irreducible" | "exponent"} name @param {Law} law @param {{min: number, max?: number}} bounds */
const amount = (name, law, bounds) =>
  h("input", {
    id: `sweep-law-${name}`,
    name,
    type: "number",
    step: "any",
    required: true,
    value: String((law ?? USUAL)[name]),
    ...bounds,
  });
