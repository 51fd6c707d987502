/** The user who is signed in, as far as the page knows; nobody on a machine without accounts. */

import { get } from "../base/api.js";
import { within } from "../base/root.js";
import { go } from "../base/router.js";

/** @import { Session } from "../../types/answers.js" */

/** @type {Session | null} */
let known = null;
const OWN_PAGES = ["/sign-in", "/sign-in/return", "/welcome"];

/** Ask the server who is signed in; where it does not answer, the pages say so themselves. */
export async function askWhoIsSignedIn() {
  try {
    setSession(await get("/session"));
  } catch {
    known = null;
  }
}

/** @param {Session | null} session */
export function setSession(session) {
  known = session;
  dispatchEvent(new Event("session"));
}

/** Name of the user, empty for nobody. */
export const signedIn = () => known?.name ?? "";

export const isAdmin = () => known?.role === "admin" && known.name !== null;

/** @param {() => void} listener @param {AbortSignal} signal */
export const onSession = (listener, signal) => addEventListener("session", listener, { signal });

/** Show the page for signing in whenever the server asks for it, and come back after. @param {AbortSignal} signal */
export function followSignOut(signal) {
  addEventListener(
    "signed-out",
    () => {
      const here = within(location.pathname);
      if (!OWN_PAGES.includes(here)) go(`/sign-in?to=${encodeURIComponent(here + location.search)}`);
    },
    { signal },
  );
}

/** The page to show after signing in: one of ours, wherever the address says. @param {string | null} wish */
export const placeAfter = (wish) => (wish !== null && /^\/(?![/\\])/.test(wish) ? wish : "/");
