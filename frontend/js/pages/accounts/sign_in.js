/** Signing in by name and password, and setting a password by a one-time link. */

import { post } from "../../base/api.js";
import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { within } from "../../base/root.js";
import { go, query } from "../../base/router.js";
import { placeAfter, setSession } from "../../accounts/session.js";
import { field, pageHead, sendingForm } from "./forms.js";

/** @import { Page } from "../../../types/page.js" */

const SECRET = /^#([0-9a-f]{64})$/;

/** @returns {Promise<Page>} */
export async function open() {
  const isWelcome = within(location.pathname) === "/welcome";
  const title = () => t(isWelcome ? "ui.account.welcome" : "ui.account.sign_in");
  return {
    title,
    mount(root) {
      root.append(
        pageHead(title(), t(isWelcome ? "ui.account.welcome_lead" : "ui.account.sign_in_lead")),
        isWelcome ? welcome() : signIn(),
      );
      return () => {};
    },
  };
}

function signIn() {
  const fields = [
    field("name", { autocomplete: "username", autofocus: true }),
    field("password", { type: "password", autocomplete: "current-password" }),
  ];
  return sendingForm("sign-in", t("ui.account.sign_in"), fields, (values) => enter("/session", values));
}

/** The secret stays behind `#`, so that no server and no proxy reads it in an address. */
function welcome() {
  const secret = SECRET.exec(location.hash)?.[1];
  if (!secret) return h("p", { class: "empty" }, t("ui.account.no_link"));
  const fields = [
    field("name", { autocomplete: "username", required: false }),
    field("password", { type: "password", autocomplete: "new-password", minlength: 12 }),
  ];
  return sendingForm("welcome", t("ui.account.set_password"), fields, (values) =>
    enter("/invitation", { ...values, secret }),
  );
}

/** @param {string} path @param {object} body */
async function enter(path, body) {
  setSession(await post(path, body));
  go(placeAfter(query("to")));
}
