import assert from "node:assert/strict";
import { test } from "node:test";

import {
  about,
  asFactor,
  bytes,
  duration,
  factor,
  figure,
  list,
  money,
  number,
  octaves,
  percent,
} from "../../frontend/js/base/format.js";
import { speak } from "./browser_stub.js";

test("a figure has three significant digits", async () => {
  await speak("en");
  assert.equal(figure(0.123456), "0.123");
  assert.equal(figure(1234.5), "1,230");
  assert.equal(figure(0), "0");
});

test("very small and very large figures have an exponent with a true minus sign", async () => {
  await speak("en");
  assert.equal(figure(0.00001234), "1.23e−5");
  assert.equal(figure(1234567), "1.23e+6");
});

test("what is not there is a dash in every format", async () => {
  await speak("en");
  for (const format of [figure, octaves, percent]) {
    for (const nothing of [null, undefined, NaN, Infinity])
      assert.equal(format(nothing), "–");
  }
});

test("octaves have two decimals and no minus before zero", async () => {
  await speak("en");
  assert.equal(octaves(1), "1.00");
  assert.equal(octaves(-0.256), "-0.26");
  assert.equal(octaves(-0.001), "0.00");
});

test("an octave is a factor of two", async () => {
  await speak("en");
  assert.equal(asFactor(1), "2.0");
  assert.equal(asFactor(-2), "0.25");
  assert.equal(factor(12.4), "12");
});

test("small percentages have a decimal, others none", async () => {
  await speak("en");
  assert.equal(percent(0.0512), "5.1%");
  assert.equal(percent(0.5), "50%");
  assert.equal(percent(0.0996), "10%");
});

test("a duration names at most two units", async () => {
  await speak("en");
  assert.equal(duration(59), "59 secs");
  assert.equal(duration(61), "1 min 1 sec");
  assert.equal(duration(3600), "1 hr");
  assert.equal(duration(5400), "1 hr 30 mins");
  assert.equal(duration(-5), "0 secs");
});

test("an estimate is rounded up so that it pretends no precision", async () => {
  await speak("en");
  assert.match(about(31), /40 secs/);
  assert.match(about(61), /1 min 30 secs/);
  assert.match(about(601), /11 mins/);
  assert.doesNotMatch(about(9), /\d/);
});

test("money keeps cents only where they matter, and its currency decides about yen", async () => {
  await speak("en");
  assert.equal(money(1.5, "USD"), "US$1.5");
  assert.equal(money(1234.56, "USD"), "US$1,235");
  await speak("ja");
  assert.equal(money(1234.56, "JPY"), "￥1,235");
});

test("bytes count in thousands", async () => {
  await speak("en");
  assert.equal(bytes(0), "0 byte");
  assert.equal(bytes(1500), "1.5 kB");
  assert.equal(bytes(2_340_000_000_000), "2,340 GB");
});

test("lists are separated as the language does it", async () => {
  await speak("en");
  assert.equal(list([32, 64, 1024]), "32, 64, 1024");
  await speak("ja");
  assert.equal(list([32, 64]), "32、64");
  assert.equal(number(1234), "1,234");
  assert.equal(duration(90), "1 分 30 秒");
});
