/** Sends a file with progress, which fetch cannot report. */

import { addressOf, ApiError, errorOf } from "../base/api.js";
import { language, t } from "../base/i18n.js";

/** @import { Dataset } from "../../types/answers.js" */

/**
 * @param {File} file
 * @param {Record<string, string>} options of the reader
 * @param {(share: number) => void} onProgress 0 to 1; 1 means that the server is reading the file
 * @param {AbortSignal} signal
 * @returns {Promise<Dataset>} the stored dataset
 */
export function uploadFile(file, options, onProgress, signal) {
  const query = new URLSearchParams({ name: file.name.slice(0, 200), ...options });
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `${addressOf("/datasets")}?${query}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("Accept-Language", language());
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.upload.onload = () => onProgress(1);
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
