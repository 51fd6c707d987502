/** A few examples of what has no columns: pictures of images, windows of a text. */

import { get, isAbort } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { t } from "../base/i18n.js";
import { errorNote } from "../base/note.js";
import { plainList } from "../base/tables.js";

/** @import { Dataset, ImageSample, Samples } from "../../types/answers.js" */
/** @import { Child } from "../../types/page.js" */

const NUM_IMAGES = 20;
const NUM_TEXTS = 6;
/** A character that takes room and shows nothing. */
const BLANK = "\u00a0";

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
  const wait = h("p", { class: "visually-hidden" }, t("ui.profile.reading_samples"));
  const place = h("div", { "aria-busy": "true" }, wait, coming(dataset));
  get(`/datasets/${dataset.id}/samples?limit=${limit}`, signal)
    .then((/** @type {Samples} */ found) => fill(place, draw(found)))
    .catch((error) => isAbort(error) || signal.aborted || fill(place, errorNote(error)))
    .finally(() => place.removeAttribute("aria-busy"));
  return h("section", {}, h("h3", {}, t(`ui.profile.samples.${kind}`)), place);
}

/** The room that the examples will take, so that nothing moves when they are here. @param {Dataset} dataset */
function coming({ shape, profile: { text } }) {
  const { image, num_train: count, num_features: width } = shape;
  const length = Math.round(width * (text?.bytes_per_token ?? 1));
  const blanks = (/** @type {number} */ most, /** @type {() => Child} */ one) =>
    Array.from({ length: Math.min(most, count) }, one);
  const list = image
    ? plainList(
        blanks(NUM_IMAGES, () => [blankPicture(image), h("span", {}, BLANK)]),
        "pictures",
      )
    : plainList(
        blanks(NUM_TEXTS, () => h("code", {}, BLANK.repeat(length))),
        "windows",
      );
  list.setAttribute("aria-hidden", "true");
  return list;
}

/** @param {{width: number, height: number}} size of the picture that will be there */
function blankPicture({ width, height }) {
  const place = h("div", { class: "skeleton" });
  place.style.aspectRatio = `${width} / ${height}`;
  return place;
}

/** @param {ImageSample} sample */
function picture({ label, png }) {
  const image = h("img", { src: `data:image/png;base64,${png}`, alt: t("ui.profile.samples.alt", { label }) });
  return [image, h("span", { "aria-hidden": "true" }, label)];
}
