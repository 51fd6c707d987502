/** Sends a large file in pieces that survive a lost connection and a reload of the page, then has it read. */

import { addressOf, ApiError, errorOf, get, post, remove } from "../base/api.js";
import { language, t } from "../base/i18n.js";
import { tusLibrary } from "./tus_library.js";

/** @import { Dataset, DatasetPage, Upload } from "../../types/answers.js" */
/** @import { UploadProgress } from "../../types/page.js" */
/** @import { TusError, TusLibrary, TusUpload } from "../../types/tus.js" */
/** @typedef {(progress: UploadProgress) => void} OnProgress */

/** Files above this are sent in pieces: below, sending one again costs less than asking where to go on. */
export const LARGE_BYTES = 8_000_000;
/** The reason of an abort that is meant to remove what was sent; any other keeps it for another try. */
export const CANCELLED = new DOMException("cancelled", "AbortError");

/** Two minutes in all; they begin anew whenever something gets through. */
const RETRY_MILLISECONDS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 60_000];
const LOOK_MILLISECONDS = 700;
const NO_ROOM = 507;

/**
 * @param {File} file @param {Record<string, string>} query of the dataset @param {OnProgress} onProgress
 * @param {AbortSignal} signal @param {() => Promise<TusLibrary>} [library]
 * @returns {Promise<Dataset>} the stored dataset
 */
export async function uploadLarge(file, query, onProgress, signal, library = tusLibrary) {
  const tus = await library();
  const upload = await sendPieces(tus, file, onProgress, signal);
  const id = String(upload.url).split("/").at(-1) ?? "";
  const dataset = await readThere(id, file, query, onProgress, signal);
  const known = await upload.findPreviousUploads();
  await Promise.all(known.map(({ urlStorageKey }) => tus.defaultOptions.urlStorage.removeUpload(urlStorageKey)));
  return dataset;
}

/**
 * @param {TusLibrary} tus @param {File} file @param {OnProgress} onProgress @param {AbortSignal} signal
 * @returns {Promise<TusUpload>}
 */
function sendPieces(tus, file, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(file, {
      endpoint: addressOf("/uploads"),
      metadata: { filename: file.name },
      headers: { "Accept-Language": language() },
      retryDelays: RETRY_MILLISECONDS,
      removeFingerprintOnSuccess: false, // it may have to be read once more, in another way
      onShouldRetry: mayPass,
      onProgress: (sent, size) => onProgress({ sent, size }),
      onSuccess: () => resolve(upload),
      onError: (error) => reject(asApiError(error)),
    });
    const stop = () => {
      const end = () => reject(new DOMException("aborted", "AbortError"));
      upload.abort(signal.reason === CANCELLED).then(end, end);
    };
    signal.addEventListener("abort", stop, { once: true });
    upload.findPreviousUploads().then(([latest]) => {
      if (signal.aborted) return;
      if (latest) upload.resumeFromPreviousUpload(latest);
      upload.start();
    }, reject);
  });
}

/** Whether to try again: no answer, another request in the way, a server that restarts. @param {TusError} error */
function mayPass({ originalResponse: response }) {
  const status = response?.getStatus() ?? 0;
  if (status === 400) return errorOf(status, response?.getBody() ?? "").code === "upload.idle";
  return status === 0 || status === 409 || status === 460 || (status >= 500 && status !== NO_ROOM);
}

/** @param {TusError} error */
function asApiError(error) {
  const response = error.originalResponse;
  if (response?.getStatus()) return errorOf(response.getStatus(), response.getBody());
  return new ApiError(0, "no_connection", t("ui.upload.interrupted"));
}

/**
 * Have the server read what was sent, and tell how far it is.
 * @param {string} id @param {File} file @param {Record<string, string>} query @param {OnProgress} onProgress
 * @param {AbortSignal} signal @returns {Promise<Dataset>}
 */
async function readThere(id, file, query, onProgress, signal) {
  const reading = new AbortController();
  const cancel = () => signal.reason === CANCELLED && remove(`/uploads/${id}`).catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  const both = AbortSignal.any([signal, reading.signal]);
  follow(id, file.size, onProgress, both, (upload) => !upload);
  const make = () => post(`/datasets?${new URLSearchParams({ upload: id, ...query })}`, undefined, { signal });
  try {
    return await make().catch(async (error) => {
      if (!(error instanceof ApiError) || error.code !== "upload.being_read") throw error;
      // A page that was left had asked for it.
      await follow(id, file.size, onProgress, both, (upload) => upload?.state !== "reading");
      return make().catch((later) => made(later, file, signal));
    });
  } finally {
    reading.abort();
    signal.removeEventListener("abort", cancel);
  }
}

/**
 * Tell how much was read until it is over or the signal comes.
 * @param {string} id @param {number} size @param {OnProgress} onProgress @param {AbortSignal} signal
 * @param {(upload: Upload | null) => boolean} isOver null when there is no such upload any more
 */
async function follow(id, size, onProgress, signal, isOver) {
  onProgress({ sent: size, size, read: null });
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MILLISECONDS));
    const upload = signal.aborted ? null : await look(id, signal);
    if (signal.aborted || isOver(upload)) return;
    onProgress({ sent: size, size, read: upload?.read_share ?? null });
  }
}

/**
 * Look for an upload in the list: one that has just become a dataset is asked for too, and as an address of its own
 * it would be a 404, which the browser reports as an error.
 * @param {string} id @param {AbortSignal} signal @returns {Promise<Upload | null>} null when it is not there any more
 */
async function look(id, signal) {
  try {
    /** @type {Upload[]} */
    const uploads = await get("/uploads", signal);
    return uploads.find((upload) => upload.id === id) ?? null;
  } catch {
    return UNKNOWN;
  }
}

/** What is taken for granted while no answer comes. */
const UNKNOWN = /** @type {Upload} */ ({ state: "reading", read_share: null });

/**
 * The dataset that an earlier request made of the same file.
 * @param {unknown} error @param {File} file @param {AbortSignal} signal @returns {Promise<Dataset>}
 */
async function made(error, file, signal) {
  if (!(error instanceof ApiError) || error.code !== "upload.not_found") throw error;
  /** @type {DatasetPage} */
  const { items } = await get("/datasets?limit=20", signal);
  const found = items.find(({ name, source_bytes: size }) => name === shownName(file) && size === file.size);
  if (!found) throw error;
  return get(`/datasets/${found.id}`, signal);
}

/** The name a dataset gets. @param {File} file */
export const shownName = (file) => file.name.slice(0, 200);
