/** Keys that make a repeated request harmless. */

/** Not `crypto.randomUUID`: browsers offer that on https and localhost only. @returns {string} */
export function newKey() {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
