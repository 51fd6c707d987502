/** The way to a plan with an experiment's whole definition, to change what one likes. */

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
