/** One experiment: how far it is, what it answers, and the curves behind the answer. */

import { get, isAbort } from "../base/api.js";
import { actions } from "../experiment/actions.js";
import { experimentNotes } from "../experiment/experiment_notes.js";
import { figures } from "../figures/figures.js";
import { stateChip } from "../experiment/state_chip.js";
import { progress } from "../experiment/progress.js";
import { runs } from "../experiment/runs.js";
import { savings } from "../verdict/savings.js";
import { scenarios } from "../verdict/scenarios.js";
import { spending } from "../experiment/spending.js";
import { stages } from "../experiment/stages.js";
import { tensors } from "../experiment/tensors.js";
import { verdictCard } from "../verdict/verdict_card.js";
import { fill, h } from "../base/dom.js";
import { dateTime } from "../base/format.js";
import { t } from "../base/i18n.js";
import { applyMarks } from "../experiment/progress_state.js";
import { hrefOf } from "../base/router.js";
import { scenarioText } from "../base/scenario_text.js";
import { follow } from "../experiment/stream.js";
import { verdictReader } from "../verdict/verdict_reader.js";

const TICK_MILLISECONDS = 1000;
const WORKERS_MILLISECONDS = 10_000;
const SOON_MILLISECONDS = 2000;

/** @param {{id: string}} route @param {AbortSignal} signal */
export async function open({ id }, signal) {
  const [experiment, cells] = await Promise.all([
    get(`/experiments/${id}`, signal),
    get(`/experiments/${id}/cells`, signal),
  ]);
  const store = { experiment, cells, answers: null, shown: "", numWorkers: null, connection: "live", figures: 0 };
  /** @type {Set<(what: string) => void>} */
  const views = new Set();
  const tell = (/** @type {string} */ what) => views.forEach((view) => view(what));
  const reader = verdictReader(id, (answers) => ((store.answers = answers), tell("verdict")), signal);
  reader.look(true);
  if (isOpen(store)) keepCurrent(store, tell, reader, signal);
  const onJudged = async () => {
    Object.assign(experiment, await get(`/experiments/${id}`, signal));
    reader.look(true);
    tell("state");
  };
  return {
    title: () => experiment.name,
    mount: (/** @type {HTMLElement} */ root) => mount(root, store, views, onJudged, signal),
  };
}

const isOpen = ({ experiment }) => ["queued", "running"].includes(experiment.state);

/** Follow the stream, the clock and the workers for as long as the page is open and the experiment too. */
function keepCurrent(store, tell, reader, signal) {
  const { id } = store.experiment;
  const readExperiment = async () => {
    try {
      Object.assign(store.experiment, await get(`/experiments/${id}`, signal));
      if (!isOpen(store)) await readCells();
      tell("state");
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  };
  const readCells = async () => (store.cells = await get(`/experiments/${id}/cells`, signal));
  const readWorkers = async () => {
    if (document.hidden || !isOpen(store)) return;
    const workers = await get("/workers", signal).catch(() => null);
    if (workers) store.numWorkers = workers.length;
    tell("progress"); // that nobody works is said at once, whatever else takes time
    await readProgress();
  };
  const readProgress = async () => {
    if (document.hidden || !isOpen(store)) return;
    const found = await get(`/experiments/${id}`, signal).catch(() => null);
    if (found) store.experiment.progress = found.progress;
    tell("progress");
  };
  let soon = 0;
  /** Cells have moved: what is done and left is another. Marks come faster than that is worth asking. */
  const readProgressSoon = () => {
    soon ||= setTimeout(() => readProgress().finally(() => (soon = 0)), SOON_MILLISECONDS);
  };
  const onMarks = async (/** @type {import("../experiment/stream.js").Marks} */ marks) => {
    // A later stage brings cells that this page has not heard of.
    if (marks.cells.some((mark) => !store.cells.some((cell) => cell.id === mark.cell_id)))
      await readCells().catch(() => null);
    applyMarks(store.cells, marks.cells);
    const isNew = marks.state !== store.experiment.state;
    tell("data");
    if (isNew) readExperiment();
    readProgressSoon();
    if (marks.cells.some((mark) => mark.state === "completed")) reader.look(false);
  };
  const onEnd = async () => {
    await readExperiment();
    reader.look(true);
    tell("data");
  };
  const onConnection = (/** @type {string} */ how) => ((store.connection = how), tell("progress"));
  follow(id, { onMarks, onEnd, onConnection }, signal);
  const clocks = [
    setInterval(() => !document.hidden && isOpen(store) && tell("progress"), TICK_MILLISECONDS),
    setInterval(readWorkers, WORKERS_MILLISECONDS),
  ];
  signal.addEventListener("abort", () => [...clocks, soon].forEach(clearInterval), { once: true });
  readWorkers();
}

/** Draw the page from the store, and keep it up to date until it is left. */
function mount(root, store, views, onJudged, signal) {
  const visit = new AbortController();
  const both = AbortSignal.any([signal, visit.signal]);
  const { experiment } = store;
  const chip = h("span", {});
  const notes = h("div", { class: "stack" });
  const side = h("div", { class: "scenarios-slot" });
  const card = h("div", { class: "verdict-slot" });
  const bar = progress(store);
  const buttons = actions(
    store,
    (changed) => (Object.assign(experiment, changed), views.forEach((view) => view("state"))),
    both,
  );
  const curves = figures(experiment, both);
  const constants = tensors(store, curves.choices, both);
  const table = runs(experiment, both);
  const show = (/** @type {string} */ scenario) => {
    store.shown = scenario;
    curves.choices.showScenario(scenario);
    drawAnswers(store, side, card, show, onJudged);
  };
  const grid = stages(store);
  const taken = spending(store);
  const saved = savings(experiment, both);
  const draw = (/** @type {string} */ what) => {
    bar.update();
    grid.update();
    taken.update();
    if (what === "data") curves.refresh();
    if (what === "verdict" || what === "state") drawAnswers(store, side, card, show, onJudged);
    if (what !== "state") return;
    buttons.update();
    fill(chip, stateChip(experiment.state));
    fill(notes, experimentNotes(store));
    saved.refresh();
    constants.refresh();
    table.refresh();
  };
  root.append(
    h(
      "header",
      { class: "page-head page-head-wide" },
      h(
        "div",
        {},
        h(
          "p",
          { class: "kicker" },
          t("ui.experiment.kicker"),
          " · ",
          h("time", { datetime: experiment.created_at }, dateTime(experiment.created_at)),
          " ",
          chip,
        ),
        h(
          "h1",
          { class: "wrap" },
          h("a", { href: hrefOf(`/datasets/${experiment.dataset_id}`), data: { page: "" } }, experiment.name),
        ),
      ),
      buttons.element,
    ),
    notes,
    bar.element,
    side,
    card,
    taken.element,
    grid.element,
    saved.element,
    curves.element,
    curves.more,
    constants.element,
    table.element,
  );
  draw("state");
  views.add(draw);
  return () => {
    views.delete(draw);
    visit.abort();
  };
}

/** The scenarios side by side, if there are several, and the answer of the chosen one, else of the one that decides. */
function drawAnswers({ experiment, answers, shown }, side, card, onShow, onJudged) {
  const scenario = shown || answers?.overall.scenario;
  const isOneOfMany = answers?.verdicts.length > 1;
  fill(side, scenarios(answers?.overall, experiment.task, scenario, onShow));
  const verdict = answers?.verdicts.find((item) => item.scenario === scenario) ?? null;
  const opened = [...card.querySelectorAll("details[id][open]")].map((details) => details.id);
  fill(card, verdictCard(verdict, experiment, isOneOfMany ? scenarioText(scenario, experiment.task) : "", onJudged));
  // What somebody is reading stays open when the answer is drawn again.
  for (const id of opened) card.querySelector(`#${id}`)?.setAttribute("open", "");
}
