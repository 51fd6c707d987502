/** Users, for admins: inviting by a one-time link, roles, deactivating. */

import { get, patch, post } from "../../base/api.js";
import { fill, h } from "../../base/dom.js";
import { dateTime } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { errorNote, note } from "../../base/note.js";
import { ROOT } from "../../base/root.js";
import { headCells, scrollTable } from "../../base/tables.js";
import { choice, field, pageHead, row, sendingForm, shownOnce, smallButton } from "./forms.js";

/** @import { OneTimeLink, User } from "../../../types/answers.js" */
/** @import { Page, Route } from "../../../types/page.js" */

const ROLES = ["runner", "viewer", "admin"];
const COLUMNS = ["name", "role", "state", "seen", "change"];

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  /** @type {User[]} */
  const users = await get("/users", signal);
  return {
    title: () => t("ui.account.users"),
    mount(root) {
      const answer = h("div", { "aria-live": "polite" });
      const list = h("div", {});
      const refresh = async () => fill(list, table(await get("/users", signal), act));
      /** @param {() => Promise<unknown>} change */
      const act = async (change) => {
        try {
          fill(answer, linkNote(await change()));
          await refresh();
        } catch (error) {
          fill(answer, errorNote(error));
        }
      };
      fill(list, table(users, act));
      root.append(pageHead(t("ui.account.users"), t("ui.account.users_lead")));
      if (users.length) root.append(invitation(act), answer, list);
      else root.append(note("info", t("users.none"))); // the first one is made by a link, not here
      return () => {};
    },
  };
}

/** @param {(change: () => Promise<unknown>) => Promise<void>} act */
function invitation(act) {
  const fields = [
    field("name", { maxlength: 64, autocomplete: "off" }),
    choice(
      "role",
      ROLES.map((each) => [each, roleText(each)]),
    ),
    field("reads", { required: false, maxlength: 64, autocomplete: "off" }),
  ];
  return sendingForm("invite", t("ui.account.invite"), fields, (values) => act(() => post("/users", values)));
}

/** The link of an answer that has one. @param {unknown} answer */
function linkNote(answer) {
  const { path, user, expires_at: until } = /** @type {Partial<OneTimeLink>} */ (answer);
  if (!path || !user || !until) return null;
  const words = t("ui.account.link_once", { name: user.name, until: dateTime(until) });
  return shownOnce(words, location.origin + ROOT + path);
}

/** @param {User[]} users @param {(change: () => Promise<unknown>) => Promise<void>} act */
function table(users, act) {
  const heads = headCells(COLUMNS.map((each) => t(`ui.account.column.${each}`)));
  return scrollTable(
    t("ui.account.users"),
    heads,
    users.map((user) => userRow(user, act)),
  );
}

/** @param {User} user @param {(change: () => Promise<unknown>) => Promise<void>} act */
function userRow(user, act) {
  const { id, name, is_active: isActive } = user;
  const activity = isActive ? "deactivate" : "activate";
  return row(
    name,
    roles(user, act),
    t(isActive ? (user.has_password ? "ui.account.active" : "ui.account.invited") : "ui.account.inactive"),
    user.seen_at ? dateTime(user.seen_at) : t("ui.account.never"),
    h(
      "span",
      { class: "row" },
      smallButton(t("ui.account.new_link"), t("ui.account.new_link_of", { name }), () =>
        act(() => post(`/users/${id}/link`)),
      ),
      smallButton(t(`ui.account.${activity}`), t(`ui.account.${activity}_user`, { name }), () =>
        act(() => patch(`/users/${id}`, { is_active: !isActive })),
      ),
    ),
  );
}

/** @param {User} user @param {(change: () => Promise<unknown>) => Promise<void>} act */
function roles({ id, name, role, reads }, act) {
  /** @param {Event} event */
  const change = ({ currentTarget }) => {
    const { value } = /** @type {HTMLSelectElement} */ (currentTarget);
    return act(() => patch(`/users/${id}`, { role: value }));
  };
  const select = h(
    "select",
    { "aria-label": t("ui.account.role_of", { name }), on: { change } },
    ROLES.map((each) => h("option", { value: each, selected: each === role }, roleText(each))),
  );
  return [select, reads ? h("span", { class: "hint" }, " ", t("ui.account.reads", { name: reads })) : null];
}

/** @param {string} role */
const roleText = (role) => t(`ui.account.role.${role}`);
