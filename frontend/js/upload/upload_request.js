/** Sends a file with progress, which fetch cannot report; a large one in pieces. */

import { addressOf, ApiError, errorOf } from "../base/api.js";
import { language, t } from "../base/i18n.js";
import { LARGE_BYTES, shownName, uploadLarge } from "./large_upload.js";

/** @import { Dataset } from "../../types/answers.js" */
/** @import { UploadProgress } from "../../types/page.js" */

/**
 * @param {File} file
 * @param {Record<string, string>} options of the reader
 * @param {(progress: UploadProgress) => void} onProgress
 * @param {AbortSignal} signal
 * @returns {Promise<Dataset>} the stored dataset
 */
export function uploadFile(file, options, onProgress, signal) {
  const query = { name: shownName(file), ...options };
  return file.size > LARGE_BYTES
    ? uploadLarge(file, query, onProgress, signal)
    : uploadAtOnce(file, query, onProgress, signal);
}

/**
 * @param {File} file @param {Record<string, string>} query
 * @param {(progress: UploadProgress) => void} onProgress @param {AbortSignal} signal @returns {Promise<Dataset>}
 */
function uploadAtOnce(file, query, onProgress, signal) {
  const { size } = file;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${addressOf("/datasets")}?${new URLSearchParams(query)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Accept-Language", language());
    request.upload.onprogress = (event) => event.lengthComputable && onProgress({ sent: event.loaded, size });
    request.upload.onload = () => onProgress({ sent: size, size, read: null });
    request.onerror = () => reject(new ApiError(0, "no_connection", t("ui.error.no_connection")));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText));
      else reject(errorOf(request.status, request.responseText));
    };
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(file);
  });
}
