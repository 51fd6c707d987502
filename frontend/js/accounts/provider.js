/** Signing in by an OpenID provider: leaving for its page, and coming back. */

import { get, post } from "../base/api.js";
import { ROOT } from "../base/root.js";
import { setSession } from "./session.js";

/** @import { ProviderAddress, ProviderSession, ProviderView } from "../../types/answers.js" */

/** Name of the provider; null without one, and where the server does not say. @param {AbortSignal} signal */
export async function providerName(signal) {
  try {
    /** @type {ProviderView} */
    const { name } = await get("/session/provider", signal);
    return name;
  } catch {
    return null;
  }
}

/** Leave for the provider's page. @param {string} to page of ours to show afterwards @param {boolean} [connect] */
export async function leave(to, connect = false) {
  /** @type {ProviderAddress} */
  const { address } = await post("/session/provider", { to, connect });
  location.assign(address);
}

/**
 * Send the provider's answer, which stands in the address and is taken out of it first, so that neither the
 * browser's history nor a later request has it.
 * @returns {Promise<string>} the page to show
 */
export async function comeBack() {
  const answer = answerIn(location.search);
  history.replaceState(null, "", `${ROOT}/sign-in/return`);
  /** @type {ProviderSession} */
  const { session, to } = await post("/session/provider/answer", answer);
  setSession(session);
  return to;
}

/** The parts of an address that belong to the provider's answer. @param {string} search */
export function answerIn(search) {
  const given = new URLSearchParams(search);
  const known = ["state", "code", "iss", "error"].map((name) => [name, given.get(name)]);
  return { state: "-", ...Object.fromEntries(known.filter(([, value]) => value)) };
}
