/** What separates columns: the server names a tab as a person would type it. */

/** @param {string} named as in an error's params @returns {string} the character itself */
export const delimiterOf = (named) => (named === "\\t" ? "\t" : named);
