import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { preference } from "../../../frontend/js/viewer/preferences.js";
import {
  alertOfAnswer,
  alertState,
  wishAlert,
} from "../../../frontend/js/experiment/answer_alert.js";
import { speak } from "../browser_stub.js";

const EXPERIMENT = {
  id: "e1",
  name: "prices",
  outcome: "transfers",
  state: "completed",
};

/** A browser whose user answers in one way when it asks. */
function browserThat(answer, permission = "default") {
  class FakeNotification {
    static permission = permission;
    static shown = [];
    static async requestPermission() {
      FakeNotification.permission = answer;
    }

    constructor(title, options) {
      Object.assign(this, { title, ...options });
      FakeNotification.shown.push(this);
    }
  }
  globalThis.Notification = FakeNotification;
  globalThis.isSecureContext = true;
  return FakeNotification;
}

beforeEach(() => speak("en"));

test("nothing is asked or shown before somebody wishes it", () => {
  const browser = browserThat("granted", "granted");
  alertOfAnswer(EXPERIMENT, true);
  assert.deepEqual([alertState(), browser.shown], ["off", []]);
});

test("a wish asks the browser's user, and the answer is shown while nobody looks", async () => {
  const browser = browserThat("granted");
  await wishAlert(true);
  alertOfAnswer(EXPERIMENT, false);
  assert.deepEqual(browser.shown, []);

  alertOfAnswer(EXPERIMENT, true);

  assert.equal(alertState(), "on");
  assert.deepEqual(
    browser.shown.map(({ title, body, tag }) => [title, body, tag]),
    [["Can be reused · prices", "The experiment has ended.", "e1"]],
  );
});

test("an experiment that failed is told by its state", async () => {
  const browser = browserThat("granted");
  await wishAlert(true);
  alertOfAnswer({ ...EXPERIMENT, outcome: null, state: "failed" }, true);
  assert.match(browser.shown[0].title, /^Failed · prices$/);
});

test("a refusal is kept and nothing is shown", async () => {
  const browser = browserThat("denied");
  await wishAlert(true);
  alertOfAnswer(EXPERIMENT, true);
  assert.deepEqual(
    [alertState(), preference("notify"), browser.shown],
    ["denied", false, []],
  );
});

test("a browser without notifications says so", () => {
  browserThat("granted");
  globalThis.isSecureContext = false;
  assert.equal(alertState(), "unsupported");
  delete globalThis.Notification;
  assert.equal(alertState(), "unsupported");
});
