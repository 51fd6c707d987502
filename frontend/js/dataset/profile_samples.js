/** A few examples of what has no columns: pictures of images, windows of a text. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { plainList } from "../base/tables.js";

/** @import { Dataset, ImageSample, Samples } from "../../types/answers.js" */

const NUM_IMAGES = 20;
const NUM_TEXTS = 6;

/** @param {Dataset} dataset @param {AbortSignal} signal */
export const imageSamples = (dataset, signal) => samples(dataset, "images", NUM_IMAGES, drawImages, signal);

/** @param {Dataset} dataset @param {AbortSignal} signal */
export const textSamples = (dataset, signal) => samples(dataset, "texts", NUM_TEXTS, drawTexts, signal);

const drawImages = (/** @type {Samples} */ { images }) => plainList(images.map(picture), "pictures");
const drawTexts = (/** @type {Samples} */ { texts }) =>
  plainList(
    texts.map((text) => h("code", {}, text)),
    "windows",
  );

/**
 * @param {Dataset} dataset @param {"images" | "texts"} kind @param {number} limit
 * @param {(found: Samples) => HTMLElement} draw @param {AbortSignal} signal
 */
function samples(dataset, kind, limit, draw, signal) {
  const place = h("div", { "aria-busy": "true" }, h("p", { class: "hint" }, t("ui.profile.reading_samples")));
  get(`/datasets/${dataset.id}/samples?limit=${limit}`, signal)
    .then((/** @type {Samples} */ found) => fill(place, draw(found)))
    .catch((error) => isAbort(error) || signal.aborted || fill(place, errorNote(error)))
    .finally(() => place.removeAttribute("aria-busy"));
  return h("section", {}, h("h3", {}, t(`ui.profile.samples.${kind}`)), place);
}

/** @param {ImageSample} sample */
function picture({ label, png }) {
  const image = h("img", { src: `data:image/png;base64,${png}`, alt: t("ui.profile.samples.alt", { label }) });
  return [image, h("span", { "aria-hidden": "true" }, label)];
}
