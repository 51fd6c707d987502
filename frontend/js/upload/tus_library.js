/** The library that sends large files in pieces, fetched once and only when one is sent. */

import { ROOT } from "../base/root.js";

/** @import { TusLibrary } from "../../types/tus.js" */

const FILE = "/static/vendor/tus-4.3.1.min.js";
const SOURCE = ROOT + FILE;

/** @type {Promise<TusLibrary> | null} */
let loaded = null;

/** @returns {Promise<TusLibrary>} */
export function tusLibrary() {
  loaded ??= load().catch((error) => {
    loaded = null; // let the next file try again
    throw error;
  });
  return loaded;
}

/** @returns {Promise<TusLibrary>} */
async function load() {
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = SOURCE;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${SOURCE} could not be loaded`));
    document.head.append(script);
  });
  if (!window.tus) throw new Error(`${SOURCE} did not bring tus`);
  return window.tus;
}
