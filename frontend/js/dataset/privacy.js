/** The promise on every page that takes data. */

import { h, icon } from "../base/dom.js";
import { ICONS } from "../base/icons.js";
import { t } from "../base/i18n.js";

export const privacy = () => h("p", { class: "privacy" }, icon(ICONS.lock), t("ui.privacy"));
