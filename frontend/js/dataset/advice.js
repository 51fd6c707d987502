/** Advice on a dataset: what asks for attention, then what is good to know, with a way to follow it. */

import { h } from "../base/dom.js";
import { has, t } from "../base/i18n.js";
import { note } from "../base/note.js";
import { plainList } from "../base/tables.js";
import { splitOffer } from "./split_text.js";
import { variantButton } from "./variant.js";

/** @import { Dataset, DataWarning } from "../../types/answers.js" */

/** @param {Dataset} dataset @param {(variant: Dataset) => void} onVariant @param {AbortSignal} signal */
export function advice(dataset, onVariant, signal) {
  const { warnings } = dataset.profile;
  if (!warnings.length) return note("info", t("ui.profile.no_warnings"));
  const item = (/** @type {DataWarning} */ found) => [wordsOf(found), ...offers(dataset, found, onVariant, signal)];
  const [grave, rest] = ["warn", "info"].map((severity) => warnings.filter((each) => each.severity === severity));
  return [
    grave.length ? part("warn", "ui.profile.warnings", grave.map(item)) : null,
    rest.length ? part("info", "ui.profile.good_to_know", rest.map(item)) : null,
  ];
}

/** @param {"warn" | "info"} tone @param {string} title key @param {import("../../types/page.js").Child[]} items */
const part = (tone, title, items) => note(tone, h("strong", {}, t(title)), plainList(items));

/** @param {DataWarning} found */
const wordsOf = ({ code, params }) => (has(`warning.${code}`) ? t(`warning.${code}`, params) : code);

/**
 * Buttons that read the file again; a built-in dataset has none to read.
 * @param {Dataset} dataset @param {DataWarning} found
 * @param {(variant: Dataset) => void} onVariant @param {AbortSignal} signal
 */
function offers(dataset, found, onVariant, signal) {
  if (dataset.example) return [];
  return Object.entries(found.offers).map(([option, value]) =>
    variantButton(dataset, offerText(option, value), { [option]: value }, onVariant, signal),
  );
}

/** @param {string} option @param {boolean | string} value */
const offerText = (option, value) =>
  option === "split" ? splitOffer(String(value)) : t(`ui.profile.offer.${option}_${value}`);
