/** What an engineer may set; an empty field means the server's own choice, shown as the placeholder. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { chosenModel, familyChoices, modelList, sizeChoices } from "./brought/brought_models.js";
import { valuesOf } from "./plan_request.js";
import { armChecks, measureChecks } from "./settings_checks.js";
import { settingsField } from "./settings_field.js";
import { FIRST, GROUPS, TARGET, described } from "./settings_fields.js";

/** @import { Dataset, Spec } from "../../types/answers.js" */
/** @import { Child, OwnSettings } from "../../types/page.js" */
/** @import { Entry, Field } from "./settings_fields.js" */

/** The groups without what is asked before the presets. */
const FOLDS = GROUPS.map(({ name, fields }) => ({ name, fields: fields.filter((each) => !TARGET.includes(each)) }));

/**
 * @param {Dataset} dataset @param {OwnSettings} own the settings made so far, changed in place
 * @param {() => void} onChange @param {() => Spec | undefined} spec the latest previewed spec
 */
export function settings(dataset, own, onChange, spec) {
  const { opened } = own;
  const changed = () => {
    own.values = valuesOf(own, spec());
    update(spec());
    onChange();
  };
  const make = (/** @type {Entry} */ entry) =>
    settingsField(forDataset(described(entry), dataset, own), own.texts, changed);
  // With a grid for each arm, one for all of them would change nothing.
  const first = FIRST.filter(({ name }) => !(name === "lrs" && own.hasOwnGrids)).map(make);
  const arms = armChecks(own, changed);
  const groups = FOLDS.map(({ name, fields }) => ({ name, fields: fields.map(make) }));
  const all = [...first, ...groups.flatMap((group) => group.fields)];
  const sizes = sizeChoices(own, () => {
    for (const field of all) field.read();
    changed();
  });
  /** @type {Record<string, HTMLElement>} */
  const special = {
    arms: arms.element,
    measurement: measureChecks(own, changed),
    model: h("div", {}, modelList(own.models ?? []), sizes.element),
  };
  const update = (/** @type {Spec | undefined} */ shown) => {
    for (const part of [...all, arms, sizes]) part.update(shown);
    // A model with a loss of its own trains on no other.
    const hasOwnLoss = chosenModel(own.models ?? [], own.texts, shown)?.has_own_loss;
    for (const { name, element } of all) if (name === "loss" && hasOwnLoss) element.hidden = true;
  };
  update(spec());
  const folds = groups.map(({ name, fields }) => fold(name, opened, special[name], fieldsOf(fields)));
  const box = fold("all", opened, h("p", { class: "hint" }, t("ui.settings.hint")), fieldsOf(first), folds);
  const open = () => {
    box.open = true;
  };
  return { element: box, show: update, open };
}

/** @param {{element: HTMLElement}[]} fields */
function fieldsOf(fields) {
  if (!fields.length) return null;
  return h(
    "div",
    { class: "fields" },
    fields.map((item) => item.element),
  );
}

/** Only what this data can be trained with. @param {Field} field @param {Dataset} dataset @param {OwnSettings} own */
function forDataset(field, { options }, { models = [] }) {
  if (field.name === "loss") return { ...field, values: options.losses };
  return field.name === "model.family" ? { ...field, values: familyChoices(options.families, models) } : field;
}

/**
 * A fold that stays as it was when the page is drawn again in the other language.
 * @param {string} name @param {Set<string>} opened names of those that are open @param {...Child} content
 */
function fold(name, opened, ...content) {
  const isAll = name === "all";
  const title = t(isAll ? "ui.settings.title" : `ui.settings.group.${name}`);
  const look = isAll ? "fold" : "fold fold-inner";
  const attributes = { class: look, id: `settings-${name}`, open: opened.has(name) };
  const box = h("details", attributes, h("summary", {}, title), content);
  box.addEventListener("toggle", () => (box.open ? opened.add(name) : opened.delete(name)));
  return box;
}
