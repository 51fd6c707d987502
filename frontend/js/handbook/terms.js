/** Cutting a query into the terms of the index: the same cuts as `backend/handbook/search_index.py` makes. */

const WORD = /[0-9a-z_µηλκρτ]+|[\u3040-\u30ff\u3400-\u9fff々ー]+/g;
const LATIN = /^[0-9a-z_µηλκρτ]/;

/** @typedef {Record<string, number[]>} Places numbers and weights of sections in turn, by term */

/** Full and half width, upper and lower case are equal. @param {string} text */
export const normalized = (text) => text.normalize("NFKC").toLowerCase().replaceAll("\u03bc", "\u00b5");

/** Latin words as they are, of Japanese every pair of neighbours. @param {string} text @returns {string[]} */
export function terms(text) {
  const words = normalized(text).match(WORD) ?? [];
  return words.flatMap((word) =>
    LATIN.test(word) || word.length === 1
      ? [word]
      : Array.from({ length: word.length - 1 }, (_, at) => word.slice(at, at + 2)),
  );
}

/**
 * Rank the sections that hold every term of a query; the last Latin word may be the beginning of one.
 * @param {Places} places @param {string} query @returns {number[]} numbers of sections, best first
 */
export function ranked(places, query) {
  const wanted = [...new Set(terms(query))];
  /** @type {Map<number, number> | null} */
  let found = null;
  for (const [index, term] of wanted.entries()) {
    const scores = scoresOf(places, term, index === wanted.length - 1);
    found = found === null ? scores : both(found, scores);
  }
  return [...(found ?? [])].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([section]) => section);
}

/** @param {Places} places @param {string} term @param {boolean} isLast @returns {Map<number, number>} */
function scoresOf(places, term, isLast) {
  const isPrefix = isLast && (LATIN.test(term) || term.length === 1);
  const known = isPrefix ? Object.keys(places).filter((each) => each.startsWith(term)) : [term];
  /** @type {Map<number, number>} */
  const scores = new Map();
  for (const each of known) {
    const pairs = Object.hasOwn(places, each) ? places[each] : [];
    // A term that few sections hold says more; a section gains little from saying it again.
    const rarity = 1 / Math.sqrt(pairs.length || 1);
    for (let at = 0; at < pairs.length; at += 2) {
      const gain = rarity * Math.log2(1 + pairs[at + 1]) * (each === term ? 2 : 1);
      scores.set(pairs[at], (scores.get(pairs[at]) ?? 0) + gain);
    }
  }
  return scores;
}

/** @param {Map<number, number>} a @param {Map<number, number>} b */
function both(a, b) {
  return new Map([...a].filter(([key]) => b.has(key)).map(([key, score]) => [key, score + (b.get(key) ?? 0)]));
}
