/** One dataset: what was found in it, and the plan for it. */

import { get } from "../base/api.js";
import { plan } from "../plan/plan.js";
import { privacy } from "../dataset/privacy.js";
import { profile } from "../dataset/profile.js";
import { h } from "../base/dom.js";
import { has, t } from "../base/i18n.js";
import { go, query, remember } from "../base/router.js";
import { PRESETS } from "../plan/plan_request.js";

/** @param {{id: string}} route @param {AbortSignal} signal */
export async function open({ id }, signal) {
  const dataset = await get(`/datasets/${id}`, signal);
  const wanted = query("preset");
  const choices = { preset: wanted && PRESETS.includes(wanted) ? wanted : "standard", own: {}, plan: null };
  const name = () =>
    dataset.example && has(`example.${dataset.example}.title`) ? t(`example.${dataset.example}.title`) : dataset.name;
  return {
    title: name,
    /** @param {HTMLElement} root */
    mount(root) {
      const visit = new AbortController();
      const both = AbortSignal.any([signal, visit.signal]);
      const onVariant = (/** @type {any} */ variant) => go(`/datasets/${variant.id}`);
      const onCreated = (/** @type {any} */ experiment) => go(`/experiments/${experiment.id}`);
      root.append(
        h(
          "header",
          { class: "page-head" },
          h("p", { class: "kicker" }, t("ui.dataset.kicker")),
          h("h1", { class: "wrap" }, name()),
          privacy(),
        ),
        h(
          "div",
          { class: "columns" },
          h(
            "section",
            { "aria-label": t("ui.dataset.profile") },
            h("h2", {}, t("ui.dataset.profile")),
            profile(dataset, onVariant, both),
          ),
          plan(dataset, choices, onCreated, both),
        ),
      );
      root.addEventListener(
        "change",
        () => remember({ preset: choices.preset === "standard" ? null : choices.preset }),
        { signal: visit.signal },
      );
      return () => visit.abort();
    },
  };
}
