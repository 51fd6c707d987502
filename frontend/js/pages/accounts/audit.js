/** The audit log, for admins, newest first. */

import { get } from "../../base/api.js";
import { h } from "../../base/dom.js";
import { dateTime } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { note } from "../../base/note.js";
import { go, query } from "../../base/router.js";
import { headCells, scrollTable } from "../../base/tables.js";
import { pageHead, row } from "./forms.js";

/** @import { AuditPage } from "../../../types/answers.js" */
/** @import { Page, Route } from "../../../types/page.js" */

const COLUMNS = ["at", "actor", "action", "subject", "address", "details"];

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  const before = query("before");
  /** @type {AuditPage} */
  const page = await get(before ? `/audit?before=${encodeURIComponent(before)}` : "/audit", signal);
  return {
    title: () => t("ui.account.audit"),
    mount(root) {
      const { next, is_unbroken: isUnbroken } = page;
      const older = () => go(`/audit?before=${next}`);
      root.append(
        pageHead(t("ui.account.audit"), t("ui.account.audit_lead")),
        isUnbroken ? "" : note("bad", t("ui.account.audit_broken")),
        entries(page),
        next ? h("button", { type: "button", class: "button", on: { click: older } }, t("ui.account.older")) : "",
      );
      return () => {};
    },
  };
}

/** @param {AuditPage} page */
function entries({ entries: found }) {
  if (found.length === 0) return h("p", { class: "empty" }, t("ui.account.audit_empty"));
  const heads = headCells(COLUMNS.map((each) => t(`ui.account.column.${each}`)));
  const rows = found.map((entry) =>
    row(
      dateTime(entry.at),
      entry.token_id ? t("ui.account.by_token", { name: entry.actor, id: entry.token_id }) : entry.actor,
      h("code", {}, entry.action),
      entry.subject,
      entry.address,
      Object.entries(entry.details)
        .map(([name, value]) => `${name}=${value}`)
        .join(", "),
    ),
  );
  return scrollTable(t("ui.account.audit"), heads, rows);
}
