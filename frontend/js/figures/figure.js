/** One figure: pulled when it is in view and something is new, drawn by Plotly, cleaned up when it leaves. */

import { getIfChanged, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { language, t } from "../base/i18n.js";
import { plotly, plotlyConfig } from "./plotly.js";
import { errorNote } from "../base/note.js";

const MIN_MILLISECONDS = 500;
const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * @param {string} experimentId @param {string} name one of the experiment's figures
 * @param {() => Record<string, string>} options what is to be shown, as the API takes it
 * @param {(meta: any) => void} onMeta @param {AbortSignal} signal
 */
export function figure(experimentId, name, options, onMeta, signal) {
  const plot = h("div", { class: "plot", id: `figure-${name}` });
  const problem = h("div", {});
  const wait = h("p", { class: "plot-wait" }, t("ui.figure.loading"));
  const caption = h("figcaption", { class: "hint" });
  const element = h(
    "figure",
    { class: "figure panel", "aria-busy": "true", data: { figure: name } },
    wait,
    plot,
    problem,
    caption,
  );
  const known = { question: "", etag: /** @type {string | null} */ (null), cost: 0, started: 0 };
  let isVisible = false;
  let isStale = true;
  let isBusy = false;
  let timer = 0;

  const refresh = () => {
    isStale = true;
    schedule();
  };
  const schedule = () => {
    if (!isStale || isBusy || timer || !isVisible || document.hidden || signal.aborted) return;
    const pause = known.started + Math.max(MIN_MILLISECONDS, 2 * known.cost) - performance.now();
    timer = setTimeout(pull, Math.max(0, pause));
  };
  const pull = async () => {
    timer = 0;
    isBusy = true;
    isStale = false;
    known.started = performance.now();
    const wishes = new URLSearchParams({ ...options(), mode: dark.matches ? "dark" : "light" });
    const question = `${language()} ${wishes}`;
    if (question !== known.question) known.etag = null; // an answer to another question
    try {
      const answer = await getIfChanged(`/experiments/${experimentId}/figures/${name}?${wishes}`, known.etag, signal);
      if (answer) await draw(answer.body);
      Object.assign(known, { question, etag: answer ? answer.etag : known.etag });
      fill(problem);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      const again = h("button", { type: "button", class: "button", on: { click: refresh } }, t("ui.error.retry"));
      fill(problem, errorNote(error, again));
      plot.hidden = known.etag === null; // an old picture is better than none
    } finally {
      known.cost = performance.now() - known.started;
      isBusy = false;
      wait.hidden = true;
      element.setAttribute("aria-busy", "false");
      schedule();
    }
  };
  const draw = async ({ figure: drawn, meta }) => {
    const Plotly = await plotly();
    plot.hidden = false;
    await new Promise(requestAnimationFrame);
    if (signal.aborted) return;
    await Plotly.react(plot, drawn.data, transparent(drawn.layout), plotlyConfig());
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", `${meta.title}. ${meta.description}`);
    fill(caption, meta.description);
    onMeta(meta);
  };

  const watcher = new IntersectionObserver(
    (entries) => {
      isVisible = entries[entries.length - 1].isIntersecting;
      schedule();
    },
    { rootMargin: "200px" },
  );
  watcher.observe(element);
  document.addEventListener("visibilitychange", schedule, { signal });
  dark.addEventListener("change", refresh, { signal });
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      watcher.disconnect();
      /** @type {any} */ (window).Plotly?.purge(plot);
    },
    { once: true },
  );
  return { element, refresh };
}

/** Let the page's own background show through. @param {any} layout */
function transparent(layout) {
  return { ...layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
}
