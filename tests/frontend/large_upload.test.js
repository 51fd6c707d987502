import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import {
  CANCELLED,
  LARGE_BYTES,
  uploadLarge,
} from "../../frontend/js/upload/large_upload.js";
import { speak } from "./browser_stub.js";

const FILE = { name: "sales.csv", size: LARGE_BYTES + 1 };
const DATASET = { id: "d1", name: "sales.csv", source_bytes: FILE.size };
const refusal = (code) => ({ error: { code, message: code, params: {} } });
const answer = (status, body) => new Response(JSON.stringify(body), { status });

/** Stands in for the library: what a test tells it to do happens when the upload starts. */
function fakeLibrary(happen, previous = []) {
  const library = {
    uploads: [],
    removed: [],
    defaultOptions: {
      urlStorage: { removeUpload: async (key) => library.removed.push(key) },
    },
    Upload: class {
      constructor(file, options) {
        Object.assign(this, { file, options, url: null, aborted: [] });
        library.uploads.push(this);
      }
      findPreviousUploads = async () => previous;
      resumeFromPreviousUpload(found) {
        this.resumed = found;
      }
      start() {
        happen(this);
      }
      abort = async (isCancelled) => this.aborted.push(isCancelled);
    },
  };
  return library;
}

const succeed = (upload) => {
  upload.url = "http://localhost/api/v1/uploads/u1";
  upload.options.onProgress(4, FILE.size);
  upload.options.onSuccess();
};

let asked;

/** Answer requests by method and path; a list is used up in turn. */
function serve(answers) {
  asked = [];
  globalThis.fetch = async (url, { method = "GET" } = {}) => {
    const path = url.replace("/api/v1", "").split("?")[0];
    asked.push([method, url]);
    const next = answers[`${method} ${path}`];
    return (Array.isArray(next) ? next.shift() : next)();
  };
}

async function send(library, signal = new AbortController().signal) {
  const progress = [];
  const query = { name: "sales.csv", delimiter: ";" };
  const dataset = await uploadLarge(
    FILE,
    query,
    (each) => progress.push(each),
    signal,
    async () => library,
  );
  return { dataset, progress };
}

/** Let pending promises run, then move the clock to the next look. */
async function nextLook() {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  mock.timers.tick(700);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

beforeEach(async () => {
  await speak("en");
  mock.timers.enable({ apis: ["setTimeout"] });
});
afterEach(() => mock.timers.reset());

test("a finished upload is read with the options and then forgotten", async () => {
  serve({ "POST /datasets": () => answer(201, DATASET) });
  const library = fakeLibrary(succeed, [{ urlStorageKey: "key" }]);

  const { dataset, progress } = await send(library);

  assert.deepEqual(dataset, DATASET);
  assert.deepEqual(asked, [
    ["POST", "/api/v1/datasets?upload=u1&name=sales.csv&delimiter=%3B"],
  ]);
  assert.deepEqual(progress, [
    { sent: 4, size: FILE.size },
    { sent: FILE.size, size: FILE.size, read: null },
  ]);
  assert.deepEqual(library.uploads[0].resumed, { urlStorageKey: "key" });
  assert.deepEqual(library.removed, ["key"]);
});

test("while the server reads, its share is told", async () => {
  let store;
  serve({
    "POST /datasets": () => new Promise((resolve) => (store = resolve)),
    "GET /uploads": () =>
      answer(200, [
        { id: "u2", state: "reading", read_share: 0.75 },
        { id: "u1", state: "reading", read_share: 0.25 },
      ]),
  });
  const sent = send(fakeLibrary(succeed));

  await nextLook();
  await new Promise(setImmediate);
  store(answer(201, DATASET));

  const { progress } = await sent;
  assert.deepEqual(progress.at(-1), {
    sent: FILE.size,
    size: FILE.size,
    read: 0.25,
  });
});

test("an upload that became a dataset is not asked for by its own address", async () => {
  let store;
  serve({
    "POST /datasets": () => new Promise((resolve) => (store = resolve)),
    "GET /uploads": () => answer(200, []),
  });
  const sent = send(fakeLibrary(succeed));

  await nextLook();
  await new Promise(setImmediate);
  store(answer(201, DATASET));
  await sent;

  assert.deepEqual(
    asked.filter(([method]) => method === "GET"),
    [["GET", "/api/v1/uploads"]],
  );
});

test("a refused file keeps its upload for another try", async () => {
  serve({
    "POST /datasets": () => answer(400, refusal("dataset.wrong_delimiter")),
  });
  const library = fakeLibrary(succeed, [{ urlStorageKey: "key" }]);

  await assert.rejects(send(library), { code: "dataset.wrong_delimiter" });

  assert.deepEqual(library.removed, []);
});

test("what is being read for a page that was left becomes its dataset", async () => {
  serve({
    "POST /datasets": [
      () => answer(409, refusal("upload.being_read")),
      () => answer(404, refusal("upload.not_found")),
    ],
    "GET /uploads": () => answer(200, []),
    "GET /datasets": () => answer(200, { items: [{ name: "other" }, DATASET] }),
    [`GET /datasets/${DATASET.id}`]: () => answer(200, DATASET),
  });
  const sent = send(fakeLibrary(succeed));

  for (let turn = 0; turn < 3; turn++) {
    await new Promise(setImmediate);
    await nextLook();
  }

  assert.deepEqual((await sent).dataset, DATASET);
});

test("cancelling removes what was sent, leaving the page keeps it", async () => {
  for (const [reason, isCancelled] of [
    [CANCELLED, true],
    [undefined, false],
  ]) {
    const stop = new AbortController();
    const library = fakeLibrary(() => stop.abort(reason));

    await assert.rejects(send(library, stop.signal), { name: "AbortError" });

    assert.deepEqual(library.uploads[0].aborted, [isCancelled]);
  }
});

test("cancelling while the server reads removes the upload there", async () => {
  const stop = new AbortController();
  serve({
    "POST /datasets": () => {
      stop.abort(CANCELLED);
      throw CANCELLED;
    },
    "DELETE /uploads/u1": () => new Response(null, { status: 204 }),
  });

  await assert.rejects(send(fakeLibrary(succeed), stop.signal), {
    name: "AbortError",
  });

  assert.deepEqual(asked.at(-1), ["DELETE", "/api/v1/uploads/u1"]);
});

test("only what may pass is tried again", async () => {
  serve({ "POST /datasets": () => answer(201, DATASET) });
  const library = fakeLibrary(succeed);
  await send(library);
  const { onShouldRetry } = library.uploads[0].options;
  const failed = (status, code = "x") => ({
    originalResponse: {
      getStatus: () => status,
      getBody: () => JSON.stringify(refusal(code)),
    },
  });

  const retried = [500, 503, 409, 460].map((status) => failed(status));
  assert.ok(retried.every(onShouldRetry));
  assert.ok(onShouldRetry({ originalResponse: null }));
  assert.ok(onShouldRetry(failed(400, "upload.idle")));
  const final = [507, 413, 404, 400].map((status) => failed(status));
  assert.ok(!final.some(onShouldRetry));
});

test("an error of the server is told in its words, a lost connection in ours", async () => {
  const fail = (response) =>
    fakeLibrary((upload) =>
      upload.options.onError({ originalResponse: response }),
    );
  const body = JSON.stringify(refusal("storage.user_quota"));

  await assert.rejects(
    send(fail({ getStatus: () => 507, getBody: () => body })),
    { status: 507, code: "storage.user_quota" },
  );
  await assert.rejects(send(fail(null)), {
    status: 0,
    message: /choose the same file again/,
  });
});
