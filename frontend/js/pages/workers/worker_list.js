/** Each worker: where it runs, what it trains, when it was last seen; and what to do where none or an old one is. */

import { h } from "../../base/dom.js";
import { number, timeOfDay } from "../../base/format.js";
import { language, t } from "../../base/i18n.js";
import { note } from "../../base/note.js";
import { hrefOf } from "../../base/router.js";
import { headCells } from "../../base/tables.js";

/** @import { Status, Worker } from "../../../types/answers.js" */

const HEADS = ["where", "trains", "seen"];
const START_HERE = "muscope worker";
const START_DOCKER = "docker compose up -d worker";

/** @param {Worker[]} workers the living ones first @param {Status | null} status */
export function workerList(workers, status) {
  const living = workers.filter(({ is_lost: isLost }) => !isLost);
  return h(
    "section",
    { class: "stack", id: "workers" },
    h("h2", {}, t("ui.workers.nodes")),
    living.length ? null : none(workers, status),
    living.some((worker) => worker.is_other_version) ? otherVersion(living, status) : null,
    workers.length ? table(workers) : null,
  );
}

/** No worker: what happened, what is safe, what to do. @param {Worker[]} lost @param {Status | null} status */
function none(lost, status) {
  const latest = [...lost].sort((a, b) => b.seen_at.localeCompare(a.seen_at))[0];
  const happened = latest
    ? t("ui.workers.none_since", { name: latest.host, time: timeOfDay(latest.seen_at) })
    : t("ui.workers.none_ever");
  return note("warn", [
    h("strong", {}, t("ui.no_worker.title")),
    " ",
    happened,
    " ",
    t("ui.workers.none_safe"),
    h(
      "span",
      { class: "workers-command" },
      t("ui.workers.none_start"),
      " ",
      command(status?.start_command ?? START_HERE),
    ),
    h("span", { class: "workers-command" }, t("ui.workers.none_docker"), " ", command(START_DOCKER)),
    latest ? h("span", { class: "workers-command" }, t("ui.workers.none_log")) : null,
  ]);
}

/** @param {string} words */
const command = (words) => h("code", { class: "command" }, words);

/** @param {Worker[]} living @param {Status | null} status */
function otherVersion(living, status) {
  const hosts = living.filter((worker) => worker.is_other_version).map(({ host }) => host);
  const names = [...new Set(hosts)].join(language() === "ja" ? "、" : ", ");
  return note("warn", t("ui.workers.other_version", { names, version: status?.version ?? "–" }));
}

/** @param {Worker[]} workers */
const table = (workers) =>
  h(
    "div",
    { class: "scroll-wide" },
    h(
      "table",
      { class: "list-table workers-table" },
      h("caption", { class: "visually-hidden" }, t("ui.workers.nodes")),
      h("thead", {}, h("tr", {}, headCells(HEADS.map((name) => t(`ui.workers.head.${name}`))))),
      h("tbody", {}, workers.map(row)),
    ),
  );

/** @param {Worker} worker */
function row(worker) {
  const { name, host, is_lost: isLost, seen_at: seen, fault } = worker;
  return h(
    "tr",
    { data: { id: name } },
    h(
      "th",
      { scope: "row", class: "list-what" },
      h("span", { class: "wrap" }, host),
      isLost ? [" ", h("span", { class: "chip", data: { mark: "lost" } }, t("ui.workers.lost"))] : null,
      h("p", { class: "hint wrap" }, factsOf(worker).join(t("ui.list.separator"))),
      fault ? h("p", { class: "wrap", data: { fault: "" } }, t("ui.workers.takes_none", { reason: fault })) : null,
    ),
    h("td", {}, trains(worker)),
    h("td", { class: "number" }, h("time", { datetime: seen }, timeOfDay(seen))),
  );
}

/** Device, how much at once, and the version. @param {Worker} worker */
export function factsOf({ device, slots, environment, version, is_other_version: isOther }) {
  const parts = [device === "cpu" ? t("ui.workers.cpu") : String(environment.gpu ?? t("ui.workers.gpu"))];
  parts.push(t("ui.workers.slots", { count: number(slots) }));
  if (environment.threads) parts.push(t("ui.workers.threads", { count: number(Number(environment.threads)) }));
  const said = version ? t("ui.workers.version", { version }) : t("ui.workers.version_unknown");
  return [...parts, isOther ? t("ui.workers.version_other", { version: said }) : said];
}

/** @param {Worker} worker */
function trains({ trains: found, is_lost: isLost }) {
  if (isLost) return h("span", { class: "hint" }, t("ui.workers.lost_work"));
  if (!found.length) return h("span", { class: "hint" }, t("ui.workers.idle"));
  return h(
    "ul",
    { class: "plain" },
    found.map(({ experiment_id: id, name, num_cells: count }) =>
      h(
        "li",
        {},
        id
          ? h("a", { href: hrefOf(`/experiments/${id}`), data: { page: "" }, class: "wrap" }, name)
          : t("ui.workers.others"),
        " ",
        h("span", { class: "hint" }, t("ui.workers.cells", { count: number(count) })),
      ),
    ),
  );
}
