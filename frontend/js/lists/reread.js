/** What a page reads from the server is read again in one way. */

import { isAbort } from "../base/api.js";

/**
 * Read again and draw; a failure is told, and what was read before stays.
 *
 * @param {{read: () => Promise<unknown>, onChange: (error?: unknown) => void, signal: AbortSignal}} source
 */
export async function reread(source) {
  try {
    await source.read();
    source.onChange();
  } catch (error) {
    if (!isAbort(error) && !source.signal.aborted) source.onChange(error);
  }
}
