/** A figure as the page shows it: heading and notes are text of the page, which wraps and can be read aloud. */

/** @typedef {{name?: string, text: string}} Annotation */
/** @typedef {{title?: unknown, height: number, margin: {t: number, b: number}, annotations?: Annotation[]}} Shown */
/** @typedef {Shown & Record<string, unknown>} Layout */

/** Room that the heading takes above a figure, and the notes below it, in pixels. */
const HEAD = 44;
const FOOT = 52;

/** @param {Annotation} annotation */
const isNote = ({ name }) => name === "note";

/** The small print of a figure. @param {Layout} layout @returns {string[]} */
export const notesOf = (layout) => (layout.annotations ?? []).filter(isNote).map(({ text }) => text);

/**
 * @param {Layout} layout @param {number} [height] of the whole screen, where the figure fills it
 * @returns {Layout}
 */
export function screenLayout(layout, height) {
  const { title: _title, margin, annotations, ...rest } = layout;
  return {
    ...rest,
    margin: { ...margin, t: margin.t - HEAD, b: margin.b - FOOT },
    height: height ?? layout.height - HEAD - FOOT,
    annotations: (annotations ?? []).filter((annotation) => !isNote(annotation)),
    paper_bgcolor: "rgba(0,0,0,0)", // the page's own background shows through
    plot_bgcolor: "rgba(0,0,0,0)",
  };
}
