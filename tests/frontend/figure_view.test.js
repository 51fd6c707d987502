import assert from "node:assert/strict";
import { test } from "node:test";

import { PullPace } from "../../frontend/js/figures/pull_pace.js";
import {
  notesOf,
  screenLayout,
} from "../../frontend/js/figures/screen_layout.js";
import { zoomAfter, zoomed } from "../../frontend/js/figures/zoom.js";

const WHOLE = { x: null, y: null };
const LAYOUT = {
  title: { text: "Loss" },
  height: 480,
  margin: { t: 116, b: 112 },
  xaxis: { range: [0, 9] },
  xaxis2: { range: [0, 9] },
  yaxis: { range: [-1, 1] },
  annotations: [{ name: "note", text: "Mean of 5 seeds." }, { text: "µP" }],
};

test("a figure waits twice as long as its last picture took, and at least half a second", () => {
  const pace = new PullPace();
  assert.equal(pace.wait(0), 0); // nothing was drawn yet
  pace.begin(1000);
  pace.end(1100);
  assert.equal(pace.wait(1200), 300);
  pace.begin(2000);
  pace.end(3000);
  assert.equal(pace.wait(3000), 1000);
});

test("loading the library is no part of what a picture costs", () => {
  const pace = new PullPace();
  pace.begin(0);
  pace.end(9000, 8900);
  assert.equal(pace.wait(9000), 0);
});

test("a choice of the viewer waits for nothing, once", () => {
  const pace = new PullPace();
  pace.begin(0);
  pace.end(5000);
  pace.choose();
  assert.equal(pace.wait(5000), 0);
  pace.begin(5000);
  assert.equal(pace.wait(5000), 10_000);
});

test("a zoom is read from any column, and one axis keeps what it had", () => {
  const both = zoomAfter(WHOLE, {
    "xaxis2.range[0]": 1,
    "xaxis2.range[1]": 2,
    "yaxis2.range": [0, 0.5],
  });
  assert.deepEqual(both, { x: [1, 2], y: [0, 0.5] });
  assert.deepEqual(
    zoomAfter(both, { "xaxis.range[0]": 3, "xaxis.range[1]": 4 }),
    { x: [3, 4], y: [0, 0.5] },
  );
  assert.deepEqual(zoomAfter(both, { "legend.x": 1 }), both);
});

test("a zoom beats the range that the server sends, on every column", () => {
  const layout = zoomed(LAYOUT, { x: [2, 3], y: null });
  assert.deepEqual(
    [layout.xaxis.range, layout.xaxis2.range],
    [
      [2, 3],
      [2, 3],
    ],
  );
  assert.deepEqual(layout.yaxis.range, [-1, 1]);
  assert.notEqual(
    layout.xaxis.uirevision,
    zoomed(LAYOUT, WHOLE).xaxis.uirevision,
  );
});

test("on the page the heading and the notes are text, and the picture is as much lower", () => {
  const layout = screenLayout(LAYOUT);
  assert.deepEqual(notesOf(LAYOUT), ["Mean of 5 seeds."]);
  assert.deepEqual(layout.annotations, [{ text: "µP" }]);
  assert.equal(layout.title, undefined);
  assert.equal(
    layout.height - layout.margin.t - layout.margin.b,
    LAYOUT.height - 116 - 112,
  );
  assert.equal(screenLayout(LAYOUT, 900).height, 900);
});
