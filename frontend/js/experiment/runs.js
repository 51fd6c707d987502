/** Every run in a table, for who wants to look at single trajectories; read when it is opened. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { figure, number } from "../base/format.js";
import { t } from "../base/i18n.js";
import { scenarioText } from "../base/scenario_text.js";
import { errorNote } from "../base/note.js";

const HEADS = ["arm", "width", "lr", "seed", "state", "train_loss", "val_loss", "diverged_at"];

/** @param {any} experiment @param {AbortSignal} signal */
export function runs(experiment, signal) {
  const body = h("div", {});
  const box = h(
    "details",
    { class: "fold", id: "runs" },
    h("summary", {}, t("ui.runs.title", { count: number(experiment.num_runs) })),
    body,
  );
  let isRead = false;
  const read = async () => {
    if (!box.open || isRead) return;
    isRead = true;
    fill(body, h("p", { class: "hint", role: "status" }, t("ui.loading")));
    try {
      fill(body, table(await get(`/experiments/${experiment.id}/runs`, signal), experiment));
    } catch (error) {
      isRead = false;
      if (!isAbort(error)) fill(body, errorNote(error));
    }
  };
  box.addEventListener("toggle", read);
  return { element: box, refresh: () => ((isRead = false), read()) };
}

/** @param {any[]} found @param {any} experiment */
function table(found, { spec, task }) {
  const isNamed = spec.scenarios.length > 1;
  const heads = isNamed ? ["scenario", ...HEADS] : HEADS;
  const row = (run) =>
    h(
      "tr",
      { class: run.state === "diverged" ? "is-diverged" : null },
      isNamed ? h("td", {}, scenarioText(run.scenario, task)) : null,
      h("td", {}, t(`figure.arm.${run.parametrization}`)),
      ...[String(run.width), figure(run.lr), String(run.seed)].map((value) => h("td", { class: "number" }, value)),
      h("td", { title: run.state === "skipped" ? t("ui.stages.skipped_why") : null }, t(`ui.run.${run.state}`)),
      ...["train_loss", "val_loss"].map((name) =>
        h("td", { class: "number" }, run.state === "diverged" ? "–" : figure(run.summaries[name]?.tail_mean)),
      ),
      h("td", { class: "number" }, run.diverged_at === null ? "" : number(run.diverged_at)),
    );
  return [
    h("p", { class: "hint" }, t("ui.runs.hint")),
    h(
      "div",
      {
        class: "scroll",
        tabindex: 0,
        role: "region",
        "aria-label": t("ui.runs.title", { count: number(found.length) }),
      },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((name) => h("th", { scope: "col" }, t(`ui.runs.${name}`))),
          ),
        ),
        h("tbody", {}, found.map(row)),
      ),
    ),
  ];
}
