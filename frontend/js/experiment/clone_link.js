/** Ways from an experiment: to a plan with its whole definition, and to others beside it. */

import { h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { hrefOf } from "../base/router.js";

/** @import { Experiment } from "../../types/answers.js" */

/** @param {Pick<Experiment, "id" | "dataset_id">} experiment */
export const cloneLink = ({ id, dataset_id: dataset }) =>
  h(
    "a",
    { class: "button", href: hrefOf(`/datasets/${dataset}?clone=${id}`), data: { page: "", action: "clone" } },
    t("ui.action.clone"),
  );

/** Leads to the list, where the others are chosen. @param {Pick<Experiment, "id">} experiment */
export const compareLink = ({ id }) =>
  h(
    "a",
    { class: "button", href: hrefOf(`/experiments?compare=${id}`), data: { page: "", action: "compare" } },
    t("ui.action.compare"),
  );
