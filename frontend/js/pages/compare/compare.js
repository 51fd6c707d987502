/** Two to four experiments side by side: their answers, what differs, and their curves; the address can be sent. */

import { get } from "../../base/api.js";
import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { note } from "../../base/note.js";
import { startOptions } from "../../base/options.js";
import { query } from "../../base/router.js";
import { breadcrumbs, experimentsCrumb } from "../../words/breadcrumbs.js";
import { answersTable } from "./answers_table.js";
import { curvesCompared } from "./curves.js";
import { settingsCompared } from "./settings_compared.js";

/** @import { Comparison } from "../../../types/answers.js" */
/** @import { Page, Route } from "../../../types/page.js" */

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  const ids = query("ids") ?? "";
  /** @type {[Comparison, void]} */
  const [found] = await Promise.all([get(`/compare?${new URLSearchParams({ ids })}`, signal), startOptions(signal)]);
  return {
    title: () => t("ui.compare.title"),
    mount(root) {
      root.append(breadcrumbs([experimentsCrumb()], t("ui.compare.title")));
      root.append(head(found), cautions(found), answersTable(found.experiments), settingsCompared(found.experiments));
      const visit = new AbortController();
      root.append(curvesCompared(ids, AbortSignal.any([signal, visit.signal])));
      return () => visit.abort();
    },
  };
}

/** @param {Comparison} found */
const head = ({ experiments }) =>
  h(
    "header",
    { class: "page-head" },
    h("h1", {}, t("ui.compare.title")),
    h("p", { class: "lead" }, t("ui.compare.lead", { count: experiments.length })),
  );

/** What forbids to read the numbers side by side. @param {Comparison} found */
const cautions = ({ cautions: codes }) =>
  h(
    "div",
    { class: "stack", id: "cautions" },
    codes.map((code) => note(code === "interim" ? "info" : "warn", t(`compare.caution.${code}`))),
  );
