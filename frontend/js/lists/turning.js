/** Turning over the pages of a list: the next is shown from its top, and the keyboard goes along. */

/** @import { Listing } from "./listing.js" */

/**
 * @template Item
 * @param {Listing<Item>} listing @param {HTMLElement} table
 * @returns {(cursor: string) => Promise<void>}
 */
export const turning = (listing, table) => async (cursor) => {
  await listing.show({ cursor });
  scrollTo(0, 0);
  /** @type {HTMLElement | null} */ (table.querySelector("a, input"))?.focus({ preventScroll: true });
};
