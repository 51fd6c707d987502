/** Everything asked of the server, and the only place that does. */

import { language, t } from "./i18n.js";
import { ROOT } from "./root.js";

/** @import { ErrorParams } from "../../types/answers.js" */

const API = `${ROOT}/api/v1`;

/** What went wrong, in the server's words and the viewer's language. */
export class ApiError extends Error {
  /**
   * @param {number} status 0 when no answer came @param {string} code @param {string} message
   * @param {ErrorParams} [params] the facts in the message
   * @param {{field: string, message: string}[]} [errors] each wrong field of the request
   */
  constructor(status, code, message, params = {}, errors = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.params = params;
    this.errors = errors;
  }
}

/** @template T @param {string} path below /static @returns {Promise<T>} */
export async function readStatic(path) {
  return (await send(staticOf(path), {})).json();
}

/** @template T @param {string} path @param {AbortSignal} [signal] @returns {Promise<T>} */
export async function get(path, signal) {
  return (await send(API + path, { signal })).json();
}

/** A file in the viewer's language. @param {string} path @param {AbortSignal} [signal] */
export async function getFile(path, signal) {
  return (await send(API + path, { signal })).blob();
}

/**
 * @template T
 * @param {string} path @param {object} [body] @param {{signal?: AbortSignal, key?: string}} [options]
 * @returns {Promise<T>}
 */
export async function post(path, body, { signal, key } = {}) {
  /** @type {Record<string, string>} */
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  if (key) headers["Idempotency-Key"] = key;
  const text = body === undefined ? undefined : JSON.stringify(body);
  return (await send(API + path, { method: "POST", headers, body: text, signal })).json();
}

/**
 * Send a file as it is.
 * @template T
 * @param {string} path @param {Blob} file @param {AbortSignal} [signal] @param {string} [type] its media type
 * @returns {Promise<T>}
 */
export async function postFile(path, file, signal, type = "application/octet-stream") {
  const headers = { "Content-Type": type };
  return (await send(API + path, { method: "POST", headers, body: file, signal })).json();
}

/**
 * Change part of something; with the edition that was read, nobody else's change is overwritten.
 * @template T
 * @param {string} path @param {object} body @param {{signal?: AbortSignal, edition?: number}} [options]
 * @returns {Promise<T>}
 */
export async function patch(path, body, { signal, edition } = {}) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json" };
  if (edition !== undefined) headers["If-Match"] = `"${edition}"`;
  return (await send(API + path, { method: "PATCH", headers, body: JSON.stringify(body), signal })).json();
}

/** @param {string} path @param {AbortSignal} [signal] */
export async function remove(path, signal) {
  await send(API + path, { method: "DELETE", signal });
}

/**
 * Ask for something only if it changed since `etag`; null when it did not.
 * @template T
 * @param {string} path @param {string | null} etag @param {AbortSignal} signal
 * @returns {Promise<{body: T, etag: string | null, headers: Headers} | null>}
 */
export async function getIfChanged(path, etag, signal) {
  /** @type {Record<string, string>} */
  const headers = etag ? { "If-None-Match": etag } : {};
  const response = await send(API + path, { headers, signal, cache: "no-store" });
  if (response.status === 304) return null;
  return { body: await response.json(), etag: response.headers.get("ETag"), headers: response.headers };
}

/** Where a download or a stream is found. @param {string} path */
export const addressOf = (path) => API + path;

/** Where a file of the page is found. @param {string} path below /static */
export const staticOf = (path) => `${ROOT}/static/${path}`;

/** Where a page of the documentation is found. @param {string} page such as `index.html` */
export const handbookOf = (page) => `${ROOT}/docs/${language()}/${page}`;

/** @param {string} url @param {RequestInit & {headers?: Record<string, string>}} options */
async function send(url, options) {
  let response;
  try {
    response = await fetch(url, { ...options, headers: { "Accept-Language": language(), ...options.headers } });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, "no_connection", t("ui.error.no_connection"));
  }
  if (response.ok || response.status === 304) return response;
  const failure = errorOf(response.status, await response.text());
  if (failure.code === "account.sign_in_needed") dispatchEvent(new Event("signed-out"));
  throw failure;
}

/** Read the one shape every error has. @param {number} status @param {string} body */
export function errorOf(status, body) {
  try {
    const { code, message, params, errors } = JSON.parse(body).error;
    return new ApiError(status, code, message, params, errors);
  } catch {
    return new ApiError(status, "unreadable", t("ui.error.unreadable", { status }));
  }
}

/** @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";
