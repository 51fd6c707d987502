/** While runs are open: what the answer will probably be, how sure that is, and what could still change it. */

import { h, icon } from "../base/dom.js";
import { number, percent } from "../base/format.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";
import { reasonText } from "./reason_text.js";

/** @param {any} verdict @returns {HTMLElement | null} */
export function verdictEarly({ is_interim: isInterim, early }) {
  if (!isInterim || !early) return null;
  const { outcome, confidence, would_change: changes } = early;
  const meter = h("meter", { min: 0, max: 1, value: confidence, "aria-label": t("ui.early.confidence_label") });
  return h(
    "div",
    { class: "verdict-early", data: { outcome }, id: "early" },
    h(
      "p",
      { class: "early-answer" },
      icon(ICONS[outcome]),
      h("strong", {}, t("ui.early.so_far", { outcome: t(`ui.outcome.short.${outcome}`) })),
    ),
    h(
      "p",
      { class: "early-confidence" },
      meter,
      h("span", {}, t("ui.early.confidence", { percent: percent(confidence) })),
    ),
    h(
      "p",
      { class: "hint" },
      t("ui.early.rests_on", {
        step: number(early.at_step),
        steps: number(early.num_steps),
        sizes: number(early.sizes.length),
        all: number(early.num_sizes),
      }),
    ),
    changes.length
      ? h(
          "details",
          { class: "fold-small", id: "early-change" },
          h("summary", {}, t("ui.early.would_change")),
          h(
            "ul",
            { class: "plain" },
            changes.map((reason) => h("li", {}, reasonText(reason))),
          ),
        )
      : null,
  );
}
