/** Workers and what they depend on: who trains what, who waits, what is wrong and what to do; kept current. */

import { get, isAbort } from "../../base/api.js";
import { fill, h } from "../../base/dom.js";
import { onLanguage, t } from "../../base/i18n.js";
import { errorNote } from "../../base/note.js";
import { keepingFocus } from "../../focus/keep_focus.js";
import { breadcrumbs } from "../../words/breadcrumbs.js";
import { checks } from "./checks.js";
import { queue } from "./queue.js";
import { workerList } from "./worker_list.js";

/** @import { Status, Worker } from "../../../types/answers.js" */
/** @import { Page, Route } from "../../../types/page.js" */
/** @typedef {{workers: Worker[] | null, status: Status | null, error: unknown}} Found null where no answer came */

const LOOK_MILLISECONDS = 5000;

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  let found = await look(signal);
  let draw = () => {};
  const refresh = async () => {
    if (document.hidden) return;
    const now = await look(signal);
    if (signal.aborted) return;
    const isNew = JSON.stringify(now) !== JSON.stringify(found);
    found = now;
    if (isNew) draw();
  };
  const clock = setInterval(refresh, LOOK_MILLISECONDS);
  signal.addEventListener("abort", () => clearInterval(clock), { once: true });
  document.addEventListener("visibilitychange", refresh, { signal });
  onLanguage(refresh, signal); // the server says what is wrong in the language that it is asked in
  return {
    title: () => t("ui.workers.title"),
    mount(root) {
      const place = h("div", { class: "stack-wide" });
      root.append(breadcrumbs([], t("ui.workers.title")), head(), place);
      draw = () => keepingFocus(() => fill(place, ...parts(found)));
      draw();
      return () => (draw = () => {});
    },
  };
}

/** One part may answer while another does not. @param {AbortSignal} signal @returns {Promise<Found>} */
async function look(signal) {
  const [workers, status] = await Promise.allSettled([get("/workers?lost=true", signal), get("/status", signal)]);
  const failed = [status, workers].find(({ status: state }) => state === "rejected");
  const error = failed?.status === "rejected" ? failed.reason : null;
  if (isAbort(error)) throw error;
  return {
    workers: workers.status === "fulfilled" ? workers.value : null,
    status: status.status === "fulfilled" ? status.value : null,
    error,
  };
}

const head = () =>
  h(
    "header",
    { class: "page-head" },
    h("h1", {}, t("ui.workers.title")),
    h("p", { class: "lead" }, t("ui.workers.lead")),
  );

/** @param {Found} found */
function parts({ workers, status, error }) {
  return [
    error ? errorNote(error) : null,
    workers ? workerList(workers, status) : null,
    status ? queue(status) : null,
    status ? checks(status) : null,
  ];
}
