/** A list that is read page by page from the server, and kept current while somebody looks. */

import { getIfChanged } from "../base/api.js";
import { addressOfView, changed, viewOf } from "./address.js";
import { reread } from "./reread.js";
import { pushAddress, replaceAddress } from "../base/router.js";
import { holdPlace, returnToPlace } from "../focus/scroll_places.js";

/** @import { View } from "./address.js" */

/** What is searched for; a reader types it letter by letter. */
const SEARCH = "q";
const LIVE_MILLISECONDS = 3000;
const CALM_MILLISECONDS = 15_000;

/**
 * @template Item
 * @typedef {{items: Item[], total: number, next: string | null}} ListPage
 */

/**
 * A page of a list that is answered as an array: what else there is, its headers tell.
 * @template Item
 * @param {Item[]} items @param {Headers} headers @returns {ListPage<Item>}
 */
export function pageOf(items, headers) {
  const address = headers.get("Link")?.match(/<([^>]*)>; rel="next"/)?.[1];
  const next = address ? new URLSearchParams(address.split("?")[1]).get("cursor") : null;
  return { items, total: Number(headers.get("X-Total-Count") ?? items.length), next };
}

/** @template Item */
export class Listing {
  /** @type {string | null} */
  #etag = null;
  #asked = "";
  #timer = 0;
  #asking = new AbortController();

  /**
   * @param {string} path of the list @param {readonly string[]} names of what its address may say
   * @param {AbortSignal} signal
   */
  constructor(path, names, signal) {
    this.path = path;
    this.names = names;
    this.signal = signal;
    /** @type {ListPage<Item>} */
    this.page = { items: [], total: 0, next: null };
    this.view = viewOf(location.search, names);
    /** @type {(error?: unknown) => void} */
    this.onChange = () => {};
    this.isLive = (/** @type {Item} */ _item) => false;
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
    addEventListener("popstate", () => this.#follow(), { signal });
  }

  /** Read the page that the view names; tells whether it has changed. */
  async read() {
    const query = new URLSearchParams({ limit: "50", ...this.view }).toString();
    if (query !== this.#asked) this.#etag = null;
    this.#asking.abort();
    this.#asking = new AbortController();
    const signal = AbortSignal.any([this.signal, this.#asking.signal]);
    /** @type {{body: ListPage<Item> | Item[], etag: string | null, headers: Headers} | null} */
    const found = await getIfChanged(`${this.path}?${query}`, this.#etag, signal);
    if (!found) return false;
    this.page = Array.isArray(found.body) ? pageOf(found.body, found.headers) : found.body;
    this.#etag = found.etag;
    this.#asked = query;
    return true;
  }

  /**
   * Show another view, and say so in the address: a choice is left by Back, the letters of a search are not.
   * @param {View} change
   */
  async show(change) {
    if (this.signal.aborted) return; // typed just before another page was opened
    this.view = changed(this.view, change);
    const address = addressOfView(this.view, this.names);
    if (SEARCH in change) replaceAddress(address);
    else pushAddress(address);
    await this.refresh();
  }

  /** Read again and draw; a failure is told and the list stays as it is. */
  async refresh() {
    await reread(this);
  }

  /** Look again from time to time, oftener while something goes on. */
  keep() {
    const wait = this.page.items.some((item) => this.isLive(item)) ? LIVE_MILLISECONDS : CALM_MILLISECONDS;
    this.#timer = setTimeout(async () => {
      if (!document.hidden) await this.#look();
      if (!this.signal.aborted) this.keep();
    }, wait);
  }

  async #look() {
    const isNew = await this.read().catch(() => false); // the next look tells what happened to this one
    if (isNew) this.onChange();
  }

  async #follow() {
    this.view = viewOf(location.search, this.names);
    holdPlace();
    await this.refresh();
    returnToPlace();
  }
}
