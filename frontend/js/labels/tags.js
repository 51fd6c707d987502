/** Tags as they are written in one field: separated by commas of any script or by line ends. */

/** @param {string} text @returns {string[]} */
export const tagsOf = (text) =>
  text
    .split(/[,\uFF0C、\n]/)
    .map((tag) => tag.trim())
    .filter(Boolean);
