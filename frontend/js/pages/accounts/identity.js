/** The account at the OpenID provider that signs in as the present user: linking it and ending the link. */

import { leave } from "../../accounts/provider.js";
import { get, remove } from "../../base/api.js";
import { h } from "../../base/dom.js";
import { t } from "../../base/i18n.js";
import { go } from "../../base/router.js";
import { sendingForm } from "./forms.js";

/** @import { Identity } from "../../../types/answers.js" */

/** The section of the account's page. @param {string} name of the provider @param {AbortSignal} signal */
export async function identitySection(name, signal) {
  /** @type {Identity} */
  const identity = await get("/account/identity", signal);
  const words = identity.is_linked
    ? t("ui.account.identity_linked", { name, email: identity.email ?? "–" })
    : t("ui.account.identity_none", { name });
  const form = identity.is_linked
    ? sendingForm("unlink", t("ui.account.unlink_identity"), [], unlink)
    : sendingForm("link", t("ui.account.link_identity", { name }), [], () => leave("/account", true));
  const title = h("h2", {}, t("ui.account.identity", { name }));
  return h("section", { class: "stack", id: "identity" }, title, h("p", {}, words), form);
}

async function unlink() {
  await remove("/account/identity");
  go("/account");
}
