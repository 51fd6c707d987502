/** Where everything begins: the promise, a place for a file, examples, what was done before. */

import { get, post } from "../base/api.js";
import { errorNote } from "../base/note.js";
import { experimentList } from "./experiment_list.js";
import { privacy } from "../dataset/privacy.js";
import { upload } from "../dataset/upload.js";
import { fill, h, icon } from "../base/dom.js";
import { ICONS } from "../base/icons.js";
import { has, t } from "../base/i18n.js";
import { go } from "../base/router.js";

/** @param {any} _route @param {AbortSignal} signal */
export async function open(_route, signal) {
  const [examples, experiments] = await Promise.all([get("/examples", signal), get("/experiments?limit=50", signal)]);
  return {
    title: () => t("ui.home.title"),
    /** @param {HTMLElement} root */
    mount(root) {
      const list = h("div", {});
      const drawList = (/** @type {any[]} */ found) =>
        fill(
          list,
          experimentList(found, async () => drawList(await get("/experiments?limit=50", signal))),
        );
      drawList(experiments);
      const toDataset = (/** @type {any} */ dataset) => go(`/datasets/${dataset.id}`);
      root.append(
        h(
          "section",
          { class: "hero" },
          h(
            "div",
            { class: "hero-words" },
            h("h1", {}, t("ui.home.promise")),
            h("p", { class: "lead" }, t("ui.home.lead")),
            steps(),
            privacy(),
          ),
          upload(toDataset, signal),
        ),
        h(
          "section",
          {},
          h("h2", {}, t("ui.home.examples")),
          h(
            "div",
            { class: "cards" },
            examples.map((item) => example(item, toDataset, signal)),
          ),
        ),
        h("section", {}, h("h2", {}, t("ui.home.experiments")), list),
      );
      return () => {};
    },
  };
}

function steps() {
  return h(
    "ol",
    { class: "steps" },
    ["upload", "run", "answer"].map((name) => h("li", {}, t(`ui.home.step.${name}`))),
  );
}

function example(item, toDataset, signal) {
  const text = (/** @type {string} */ part) =>
    has(`example.${item.name}.${part}`) ? t(`example.${item.name}.${part}`) : item[part];
  const problem = h("div", {});
  const button = h(
    "button",
    { type: "button", class: "card card-button" },
    h("span", { class: "card-title" }, text("title")),
    h("span", { class: "card-text" }, text("description")),
    h("span", { class: "card-more" }, t("ui.home.use_example"), icon(ICONS.arrow)),
  );
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      toDataset(await post(`/examples/${item.name}/dataset`, undefined, { signal }));
    } catch (error) {
      if (!signal.aborted) fill(problem, errorNote(error));
    } finally {
      button.disabled = false;
    }
  });
  return h("div", {}, button, problem);
}
