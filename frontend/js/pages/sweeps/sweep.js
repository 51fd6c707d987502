/** One sweep that was run elsewhere: meaning of its columns, answer per arm and axis, figures, next runs, report. */

import { addressOf, get, patch } from "../../base/api.js";
import { fill, h } from "../../base/dom.js";
import { dateTime, number } from "../../base/format.js";
import { language, t } from "../../base/i18n.js";
import { errorNote } from "../../base/note.js";
import { breadcrumbs, sweepsCrumb } from "../../words/breadcrumbs.js";
import { levelSwitch } from "../../words/level_switch.js";
import { answer } from "./answer.js";
import { columnChooser } from "./columns.js";
import { controls, focused, focusOf } from "./controls.js";
import { axisFigures } from "./axis_figures.js";
import { nextRuns } from "./next_runs.js";
import { question } from "./sweep_words.js";

/** @import { Sweep } from "../../../types/answers.js" */
/** @import { Page, Route } from "../../../types/page.js" */

/** @typedef {Sweep["choices"]} Choices */

/** @param {Route} route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open({ id }, signal) {
  /** @type {Sweep} */
  let sweep = await get(`/sweeps/${id}`, signal);
  return {
    title: () => sweep.name,
    mount(root) {
      const visit = new AbortController();
      const body = h("div", { class: "stack" });
      let drawing = new AbortController();
      const draw = () => {
        drawing.abort();
        drawing = new AbortController();
        fill(body, parts(sweep, choose, draw, AbortSignal.any([signal, visit.signal, drawing.signal])));
      };
      const choose = async (/** @type {Partial<Choices>} */ wish) => {
        const choices = { ...sweep.choices, ...wish };
        sweep = await patch(`/sweeps/${id}`, { choices }, { signal, edition: sweep.edition });
        draw();
      };
      draw();
      root.append(breadcrumbs([sweepsCrumb()], sweep.name), head(sweep), body);
      return () => visit.abort();
    },
  };
}

/** @param {Sweep} sweep */
const head = ({ name, num_rows: rows, created_at: created }) =>
  h(
    "header",
    { class: "page-head" },
    h("h1", { class: "wrap" }, name),
    h("p", { class: "hint" }, t("ui.sweep.facts", { rows: number(rows), date: dateTime(created) })),
    levelSwitch("sweep-level"),
  );

/**
 * @param {Sweep} sweep @param {(wish: Partial<Choices>) => Promise<void>} choose @param {() => void} draw
 * @param {AbortSignal} signal
 */
function parts(sweep, choose, draw, signal) {
  const problem = h("div", { role: "status" });
  const chosen = async (/** @type {Partial<Choices>} */ wish) => {
    fill(problem, h("p", { class: "hint" }, t("ui.sweep.again")));
    try {
      await choose(wish);
    } catch (error) {
      fill(problem, errorNote(error));
    }
  };
  const { reading } = sweep;
  // Other columns may have other arms and axes.
  const columns = columnChooser(sweep, (roles) => chosen({ roles, arm: null, axis: null }));
  if (!reading.answer) return [question(reading.question), problem, columns];
  return [
    problem,
    answer(focused(reading.answer, focusOf(reading.answer))),
    controls(sweep, reading.answer, draw, (law) => chosen({ law })),
    axisFigures(sweep, signal),
    nextRuns(sweep.id, reading.answer),
    report(sweep),
    columns,
  ];
}

/** @param {Sweep} sweep */
function report({ id }) {
  const zone = String(-new Date().getTimezoneOffset());
  const address = (/** @type {string} */ format) => {
    const wish = { format, utc_offset_minutes: zone, language: language() };
    return addressOf(`/sweeps/${id}/report?${new URLSearchParams(wish)}`);
  };
  return h(
    "section",
    { class: "panel stack", id: "sweep-report" },
    h("h2", {}, t("ui.report.title")),
    h(
      "div",
      { class: "row" },
      h(
        "a",
        { class: "button button-main", href: address("html"), target: "_blank", rel: "noopener" },
        t("ui.report.open"),
      ),
      h("a", { class: "button", href: address("pdf"), download: true }, t("ui.report.download", { format: "PDF" })),
      h("a", { class: "button", href: addressOf(`/sweeps/${id}/file`), download: true }, t("ui.sweep.file")),
    ),
  );
}
