/** Where the product lies on its server: behind a proxy it may be a folder, such as `/muscope`. */

/** The path in front of everything of ours, without a slash at its end. @param {string} script address of a script */
export const rootOf = (script) => /^(.*)\/static\/js\//.exec(new URL(script).pathname)?.[1] ?? "";

/** Learnt from the address this script came from, so that no page needs to be told. */
export const ROOT = rootOf(import.meta.url);

/** A path as our pages call it. @param {string} pathname of an address @param {string} [root] */
export const within = (pathname, root = ROOT) =>
  pathname === root || pathname.startsWith(`${root}/`) ? pathname.slice(root.length) || "/" : pathname;
