/** Signing in by name and password or by an OpenID provider, and setting a password by a one-time link. */

import { post } from "../../base/api.js";
import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { within } from "../../base/root.js";
import { go, hrefOf, query } from "../../base/router.js";
import { errorNote } from "../../base/note.js";
import { comeBack, leave, providerName } from "../../accounts/provider.js";
import { placeAfter, setSession } from "../../accounts/session.js";
import { field, pageHead, sendingForm } from "./forms.js";

/** @import { Page, Route } from "../../../types/page.js" */

const SECRET = /^#([0-9a-f]{64})$/;

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  const path = within(location.pathname);
  if (path === "/sign-in/return") return returning();
  const isWelcome = path === "/welcome";
  const provider = isWelcome ? null : await providerName(signal);
  const title = () => t(isWelcome ? "ui.account.welcome" : "ui.account.sign_in");
  return {
    title,
    mount(root) {
      root.append(
        pageHead(title(), t(isWelcome ? "ui.account.welcome_lead" : "ui.account.sign_in_lead")),
        ...(provider === null ? [] : [byProvider(provider)]),
        isWelcome ? welcome() : signIn(),
      );
      return () => {};
    },
  };
}

/** The page that the provider leads back to; it says why nobody was signed in. @returns {Promise<Page>} */
async function returning() {
  /** @type {HTMLElement[]} */
  const shown = [];
  try {
    // Loaded anew: the address with the provider's answer is not one to go back to.
    location.replace(hrefOf(placeAfter(await comeBack())));
  } catch (error) {
    const address = hrefOf("/sign-in");
    const again = h("a", { class: "button", href: address, data: { page: "" } }, t("ui.account.start_again"));
    shown.push(errorNote(error, again));
  }
  const title = () => t(shown.length === 0 ? "ui.account.coming_back" : "ui.account.sign_in");
  return {
    title,
    mount(root) {
      root.append(pageHead(title()), ...shown);
      return () => {};
    },
  };
}

/** @param {string} name of the provider */
function byProvider(name) {
  const words = t("ui.account.sign_in_with", { name });
  const form = sendingForm("provider", words, [], () => leave(placeAfter(query("to"))));
  form.append(h("p", { class: "hint" }, t("ui.account.or_password")));
  return form;
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
