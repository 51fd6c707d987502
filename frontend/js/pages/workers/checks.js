/** Parts that workers and page depend on: which work, what is wrong with the others in words, the room on the disk. */

import { h, icon } from "../../base/dom.js";
import { bytes } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { ICONS } from "../../base/icons.js";

/** @import { Check, Status } from "../../../types/answers.js" */

/** @param {Status} status */
export function checks({ checks: found, disk, version }) {
  return h(
    "section",
    { class: "stack", id: "checks" },
    h("h2", {}, t("ui.workers.parts")),
    h("ul", { class: "list" }, found.map(entry)),
    h("p", { class: "hint", id: "disk-free" }, disk ? roomText(disk) : t("ui.workers.disk_unknown")),
    h("p", { class: "hint" }, t("ui.workers.server_version", { version })),
  );
}

/** @param {Check} check */
const entry = ({ name, is_ok: isOk, message }) =>
  h(
    "li",
    { class: "check", data: { check: name, ok: String(isOk) } },
    icon(isOk ? ICONS.transfers : ICONS.alert),
    h("div", {}, h("strong", {}, t(`ui.workers.part.${name}`)), " ", isOk ? t("ui.workers.part_ok") : message),
  );

/** @param {{free_bytes: number, total_bytes: number}} disk */
export const roomText = ({ free_bytes: free, total_bytes: total }) =>
  t("ui.workers.disk_free", { free: bytes(free), total: bytes(total) });
