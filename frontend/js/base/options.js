/** What a plan may say, as the server answers: settings with their values, arms, measures. Read once. */

import { get } from "./api.js";

/** @import { Options, Setting } from "../../types/answers.js" */

/** @type {Options | null} */
let known = null;

/** Have the options at hand before a page draws. @param {AbortSignal} signal */
export async function startOptions(signal) {
  known ??= await get("/options", signal);
}

/** @returns {Options} */
export const options = () => /** @type {Options} */ (known);

/** @param {string} name the path into the request @returns {Setting | undefined} */
export const setting = (name) => options().settings.find((item) => item.name === name);

/** The closed set of a setting. @param {string} name @returns {string[]} */
export const valuesOfSetting = (name) => setting(name)?.values ?? [];
