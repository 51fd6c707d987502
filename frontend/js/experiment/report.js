/** The report for the meeting: its language, and where it is opened or downloaded as one file. */

import { addressOf } from "../base/api.js";
import { h, icon } from "../base/dom.js";
import { known, language, t } from "../base/i18n.js";
import { ICONS } from "../base/icons.js";
import { note } from "../base/note.js";

/** @import { ExperimentStore } from "../../types/page.js" */

/**
 * @param {ExperimentStore} store @param {() => URLSearchParams} assumed what the savings are reckoned with
 */
export function report(store, assumed) {
  const choice = languageChoice();
  const query = (/** @type {string} */ format) => {
    const asked = assumed();
    asked.set("format", format);
    asked.set("language", choice.value);
    asked.set("utc_offset_minutes", String(-new Date().getTimezoneOffset()));
    return addressOf(`/experiments/${store.experiment.id}/report?${asked}`);
  };
  const links = [link("open", "html", query), link("download", "html", query), link("download", "pdf", query)];
  const recipe = h(
    "a",
    { class: "button", href: addressOf(`/experiments/${store.experiment.id}/recipe.py`), data: { report: "recipe" } },
    t("ui.adoption.recipe"),
  );
  const interim = h("div", {});
  const element = h(
    "section",
    { class: "panel stack", id: "report" },
    h("h2", {}, t("ui.report.title")),
    h("p", { class: "hint" }, t("ui.report.hint")),
    interim,
    h("div", { class: "field report-language" }, h("label", { for: choice.id }, t("ui.report.language")), choice),
    h("div", { class: "row" }, links, recipe),
  );
  const refresh = () => {
    const isOpen = ["queued", "running"].includes(store.experiment.state);
    interim.replaceChildren(...(isOpen ? [note("info", t("ui.report.interim"))] : []));
  };
  return { element, refresh };
}

function languageChoice() {
  const options = known().map((each) => h("option", { value: each, lang: each }, t(`ui.language.${each}`)));
  const select = h("select", { id: "report-language" }, options);
  select.value = language();
  return select;
}

/**
 * An ordinary link, whose address is made when it is followed: rates may have changed meanwhile.
 * @param {"open" | "download"} act @param {string} format @param {(format: string) => string} query
 */
function link(act, format, query) {
  const isOpened = act === "open";
  const words = isOpened ? t("ui.report.open") : t("ui.report.download", { format: format.toUpperCase() });
  const element = h(
    "a",
    {
      class: isOpened ? "button button-main" : "button",
      href: query(format),
      data: { report: `${act}-${format}` },
      ...(isOpened ? { target: "_blank", rel: "noopener" } : { download: true }),
    },
    isOpened ? null : icon(ICONS.download),
    words,
  );
  const renew = () => (element.href = query(format));
  for (const event of ["pointerenter", "focus", "click"]) element.addEventListener(event, renew);
  return element;
}
