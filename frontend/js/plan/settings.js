/** What an engineer may set; an empty field means the server's own choice, shown as the placeholder. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { valuesOf } from "./plan_request.js";
import { FIRST, GROUPS } from "./settings_fields.js";
import { armChecks, measureChecks } from "./settings_checks.js";
import { settingsField } from "./settings_field.js";

/**
 * @param {any} dataset @param {any} own the settings made so far, changed in place
 * @param {() => void} onChange @param {() => any} spec the latest previewed spec
 */
export function settings(dataset, own, onChange, spec) {
  const texts = (own.texts ??= {});
  const opened = (own.opened ??= new Set());
  const changed = () => {
    own.values = valuesOf(texts, spec());
    update(spec());
    onChange();
  };
  const make = (/** @type {any} */ field) => settingsField(forDataset(described(field), dataset), texts, changed);
  const first = FIRST.map(make);
  const arms = armChecks(texts, changed);
  const groups = GROUPS.map(({ name, fields }) => ({ name, fields: fields.map(make) }));
  const special = { arms: arms.element, measurement: measureChecks(texts, changed) };
  const update = (/** @type {any} */ shown) =>
    [...first, arms, ...groups.flatMap((group) => group.fields)].forEach((part) => part.update(shown));
  update(spec());
  const folds = groups.map(({ name, fields }) => fold(name, opened, special[name], fieldsOf(fields)));
  const box = fold("all", opened, h("p", { class: "hint" }, t("ui.settings.hint")), fieldsOf(first), folds);
  return { element: box, show: update };
}

const fieldsOf = (fields) =>
  fields.length
    ? h(
        "div",
        { class: "fields" },
        fields.map((item) => item.element),
      )
    : null;

/** Only what this data can be trained with. */
function forDataset(field, { options }) {
  if (field.name === "loss") return { ...field, values: options.losses };
  return field.name === "model.family" ? { ...field, values: options.families } : field;
}

/** A fold that stays as it was when the page is drawn again in the other language. */
function fold(name, opened, ...content) {
  const isAll = name === "all";
  const box = h(
    "details",
    { class: isAll ? "fold" : "fold fold-inner", id: `settings-${name}`, open: opened.has(name) },
    h("summary", {}, t(isAll ? "ui.settings.title" : `ui.settings.group.${name}`)),
    content,
  );
  box.addEventListener("toggle", () => (box.open ? opened.add(name) : opened.delete(name)));
  return box;
}
