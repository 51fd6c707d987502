/** One's own account: signing out, password, API tokens, browsers. */

import { get, post, remove } from "../../base/api.js";
import { fill, h } from "../../base/dom.js";
import { dateTime } from "../../base/format.js";
import { t } from "../../base/i18n.js";
import { go, hrefOf } from "../../base/router.js";
import { headCells, scrollTable } from "../../base/tables.js";
import { providerName } from "../../accounts/provider.js";
import { isAdmin, setSession, signedIn } from "../../accounts/session.js";
import { identitySection } from "./identity.js";
import { choice, field, pageHead, row, sendingForm, shownOnce, smallButton } from "./forms.js";

/** @import { ApiToken, Browser, NewToken } from "../../../types/answers.js" */
/** @import { Page, Route } from "../../../types/page.js" */

const SCOPES = ["read submit", "read", "admin read submit", "metrics"];

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  /** @type {[ApiToken[], Browser[]]} */
  const [tokens, browsers] = await Promise.all([get("/account/tokens", signal), get("/account/sessions", signal)]);
  const provider = await providerName(signal);
  const identity = provider === null ? [] : [await identitySection(provider, signal)];
  const title = () => t("ui.account.of", { name: signedIn() });
  return {
    title,
    mount(root) {
      root.append(
        pageHead(title(), t("ui.account.lead")),
        ways(),
        ...identity,
        section("password", passwordForm()),
        tokenSection(tokens, signal),
        section("browsers", browserTable(browsers)),
      );
      return () => {};
    },
  };
}

function ways() {
  const out = h("button", { type: "button", class: "button", data: { action: "sign-out" }, on: { click: signOut } });
  out.append(t("ui.account.sign_out"));
  const links = ["users", "audit"].map((name) =>
    h("a", { class: "button", href: hrefOf(`/${name}`), data: { page: "" } }, t(`ui.account.${name}`)),
  );
  return h("div", { class: "row" }, out, isAdmin() ? links : null);
}

async function signOut() {
  await remove("/session");
  setSession(null);
  go("/sign-in");
}

/** @param {string} name @param {...HTMLElement} content */
const section = (name, ...content) =>
  h("section", { class: "stack", id: name }, h("h2", {}, t(`ui.account.${name}`)), ...content);

function passwordForm() {
  const fields = [
    field("present", { type: "password", autocomplete: "current-password" }),
    field("new", { type: "password", autocomplete: "new-password", minlength: 12 }),
  ];
  return sendingForm("password", t("ui.account.change_password"), fields, async (values) => {
    setSession(await post("/account/password", values));
    go("/account");
  });
}

/** @param {ApiToken[]} tokens @param {AbortSignal} signal */
function tokenSection(tokens, signal) {
  const list = h("div", {});
  const made = h("div", { "aria-live": "polite" });
  const refresh = async () => fill(list, tokenTable(await get("/account/tokens", signal), refresh));
  fill(list, tokenTable(tokens, refresh));
  const fields = [
    field("token_name", { maxlength: 100 }),
    choice(
      "scopes",
      SCOPES.map((each) => [each, t(`ui.account.scopes.${each.replaceAll(" ", "_")}`)]),
    ),
    field("days", { type: "text", inputmode: "numeric", value: "90" }),
  ];
  const form = sendingForm("token", t("ui.account.make_token"), fields, async (values) => {
    const { token_name: name, scopes, days } = values;
    /** @type {NewToken} */
    const { token } = await post("/account/tokens", { name, scopes: scopes.split(" "), days: Number(days) });
    fill(made, shownOnce(t("ui.account.token_once"), token));
    await refresh();
  });
  return section("tokens", h("p", { class: "hint" }, t("ui.account.tokens_hint")), form, made, list);
}

/** @param {ApiToken[]} tokens @param {() => Promise<void>} [refresh] */
function tokenTable(tokens, refresh) {
  if (tokens.length === 0) return h("p", { class: "empty" }, t("ui.account.no_tokens"));
  const heads = headCells(
    ["token_name", "scopes", "ends", "used", "end"].map((each) => t(`ui.account.column.${each}`)),
  );
  const rows = tokens.map((token) => {
    const end = async () => {
      await remove(`/account/tokens/${token.id}`);
      await refresh?.();
    };
    return row(
      token.name,
      token.scopes.join(", "),
      dateTime(token.expires_at),
      token.used_at ? dateTime(token.used_at) : t("ui.account.never"),
      smallButton(t("ui.account.end"), t("ui.account.end_token", { name: token.name }), end),
    );
  });
  return scrollTable(t("ui.account.tokens"), heads, rows);
}

/** @param {Browser[]} browsers */
function browserTable(browsers) {
  const heads = headCells(["browser", "address", "seen", "end"].map((each) => t(`ui.account.column.${each}`)));
  const rows = browsers.map((browser) => {
    const end = async () => {
      await remove(`/account/sessions/${browser.id}`);
      go("/account");
    };
    const label = t("ui.account.end_browser", { address: browser.address });
    return row(
      browser.browser,
      browser.address,
      dateTime(browser.seen_at),
      browser.is_this ? t("ui.account.this_browser") : smallButton(t("ui.account.end"), label, end),
    );
  });
  return scrollTable(t("ui.account.browsers"), heads, rows);
}
