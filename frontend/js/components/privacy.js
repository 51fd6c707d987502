/** The promise on every page that takes data. */

import { h, icon } from "../dom.js";
import { ICONS } from "../icons.js";
import { t } from "../i18n.js";

export const privacy = () => h("p", { class: "privacy" }, icon(ICONS.lock), t("ui.privacy"));
