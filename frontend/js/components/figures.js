/** The three figures of an experiment and the choices they share; the choices live in the address. */

import { h } from "../dom.js";
import { figure as digits } from "../format.js";
import { t } from "../i18n.js";
import { query, remember } from "../router.js";
import { figure } from "./figure.js";

const NAMES = ["lr_loss", "sharpness", "loss"];
/** Two columns do not fit on a phone; it starts with µP alone. */
const NARROW = "(max-width: 640px)";

/** @param {any} experiment @param {AbortSignal} signal */
export function figures(experiment, signal) {
  const { spec } = experiment;
  const arms = spec.arms.map((arm) => arm.parametrization);
  const reference = spec.arms.find((arm) => arm.parametrization === "mup") ?? spec.arms[0];
  const auto = h("option", { value: "" }, t("ui.figure.lr_auto"));
  const lr = choice("lr", [auto, ...reference.lrs.map((value, index) => h("option", { value: String(index) }, `η = ${digits(value)}`))], "");
  const loss = choice("loss", options(["train", "val"], "loss"), "train");
  const scale = choice("scale", options(["log", "linear"], "scale"), "log");
  const isNarrow = matchMedia(NARROW).matches;
  const all = h("option", { value: "all" }, t("ui.figure.arm.all"));
  const arm = choice("arm", [all, ...arms.map((name) => h("option", { value: name }, t(`figure.arm.${name}`)))], isNarrow ? reference.parametrization : "all");
  const wish = () => ({
    loss: loss.value,
    y_scale: scale.value,
    ...(lr.value ? { lr_index: lr.value } : {}),
    ...(arm.value === "all" ? {} : { parametrization: arm.value }),
  });
  const onMeta = (/** @type {any} */ meta) => {
    if (meta.lr_index === null || meta.lr_index === undefined || lr.value) return;
    auto.textContent = t("ui.figure.lr_auto_is", { lr: digits(reference.lrs[meta.lr_index]) });
  };
  const made = NAMES.map((name) => figure(experiment.id, name, wish, onMeta, signal));
  const refresh = () => made.forEach((item) => item.refresh());
  for (const control of [lr, loss, scale, arm]) control.addEventListener("change", refresh, { signal });
  const controls = h("div", { class: "controls", role: "group", "aria-label": t("ui.figure.controls") }, labelled("arm", arm), labelled("lr", lr), labelled("loss", loss), labelled("scale", scale));
  const [sweep, ...steps] = made.map((item) => item.element);
  const element = h("section", { class: "figures" }, h("div", { class: "section-head" }, h("h2", {}, t("ui.figure.title")), controls), h("p", { class: "hint" }, t("ui.figure.diverged")), sweep, h("div", { class: "figure-pair" }, steps));
  return { element, refresh };
}

const options = (values, name) => values.map((value) => h("option", { value }, t(`ui.figure.${name}.${value}`)));

/** A list whose choice is in the address unless it is the usual one. */
function choice(name, entries, usual) {
  const select = h("select", { id: `show-${name}` }, entries);
  select.value = query(name) ?? usual;
  if (select.selectedIndex < 0) select.value = usual;
  select.addEventListener("change", () => remember({ [name]: select.value === usual ? null : select.value }));
  return select;
}

const labelled = (name, select) => h("div", { class: "control" }, h("label", { for: select.id }, t(`ui.figure.choose.${name}`)), select);
