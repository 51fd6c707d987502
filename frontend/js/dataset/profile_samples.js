/** A few examples of what has no columns: pictures of images, windows of a text. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";

const NUM_IMAGES = 20;
const NUM_TEXTS = 6;

/** @param {any} dataset @param {AbortSignal} signal */
export function imageSamples(dataset, signal) {
  return samples(
    dataset,
    "images",
    NUM_IMAGES,
    ({ images }) => h("ul", { class: "pictures" }, images.map(picture)),
    signal,
  );
}

/** @param {any} dataset @param {AbortSignal} signal */
export function textSamples(dataset, signal) {
  return samples(
    dataset,
    "texts",
    NUM_TEXTS,
    ({ texts }) =>
      h(
        "ul",
        { class: "windows" },
        texts.map((text) => h("li", {}, h("code", {}, text))),
      ),
    signal,
  );
}

function samples(dataset, kind, limit, draw, signal) {
  const place = h("div", { "aria-busy": "true" }, h("p", { class: "hint" }, t("ui.profile.reading_samples")));
  get(`/datasets/${dataset.id}/samples?limit=${limit}`, signal)
    .then((found) => fill(place, draw(found)))
    .catch((error) => isAbort(error) || signal.aborted || fill(place, errorNote(error)))
    .finally(() => place.removeAttribute("aria-busy"));
  return h("section", {}, h("h3", {}, t(`ui.profile.samples.${kind}`)), place);
}

/** @param {{label: string, png: string}} sample */
function picture({ label, png }) {
  const image = h("img", { src: `data:image/png;base64,${png}`, alt: t("ui.profile.samples.alt", { label }) });
  return h("li", {}, image, h("span", { "aria-hidden": "true" }, label));
}
