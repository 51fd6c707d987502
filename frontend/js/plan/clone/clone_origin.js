/** Which experiment a plan was cloned from, and in which settings the plan is another one by now. */

import { fill, h } from "../../base/dom.js";
import { number } from "../../base/format.js";
import { sayOf, t } from "../../base/i18n.js";
import { note } from "../../base/note.js";
import { hrefOf } from "../../base/router.js";
import { isOfRanks } from "../../words/size_text.js";
import { differenceTable } from "../spec/difference_table.js";
import { differing, specLines } from "../spec/spec_lines.js";

/** @import { Spec } from "../../../types/answers.js" */
/** @import { CloneOrigin } from "../../../types/page.js" */
/** @import { Line, Task } from "../spec/spec_lines.js" */

/** @param {CloneOrigin} origin @param {Task} task of the data */
export function cloneOrigin({ id, name, spec }, task) {
  const changes = h("div", { id: "clone-changes", class: "stack" });
  const link = h("a", { class: "wrap", href: hrefOf(`/experiments/${id}`), data: { page: "" } }, name);
  const title = t("ui.clone.title");
  const element = h(
    "section",
    { class: "stack clone", id: "clone", "aria-label": title },
    h("p", {}, t("ui.clone.from"), " ", link),
    h("p", { class: "hint" }, t("ui.clone.hint", { title: t("ui.settings.title") })),
    changes,
  );
  const update = (/** @type {Spec | undefined} */ planned) => {
    if (planned)
      fill(
        changes,
        sayOf(isOfRanks(planned), () => changesOf(spec, planned, task)),
      );
  };
  return { element, update };
}

/** @param {Spec} spec of the original @param {Spec} planned @param {Task} task */
function changesOf(spec, planned, task) {
  const lines = differing(specLines([spec, planned], task));
  const isOther = spec.dataset_sha256 !== planned.dataset_sha256;
  return [
    isOther ? note("warn", t("ui.clone.other_data")) : null,
    h("p", { role: "status" }, status(lines, isOther)),
    lines.length
      ? differenceTable(t("ui.clone.changes"), [t("ui.clone.original"), t("ui.clone.planned")], lines)
      : null,
  ];
}

/** @param {Line[]} lines @param {boolean} isOther whether the data are not those of the original */
function status(lines, isOther) {
  if (lines.length) return t("ui.clone.changed", { count: number(lines.length) });
  return t(isOther ? "ui.clone.same_settings" : "ui.clone.unchanged");
}
