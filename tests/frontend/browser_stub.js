/** The few things of a browser that the pure modules ask for, so that they run in Node. */

import { readFile } from "node:fs/promises";

import { startLanguage, switchLanguage } from "../../frontend/js/base/i18n.js";
import { startOptions } from "../../frontend/js/base/options.js";

/** Remembers like a browser's storage, whose entries are its own properties. */
export class Storage {
  getItem(name) {
    return Object.hasOwn(this, name) ? this[name] : null;
  }

  setItem(name, value) {
    this[name] = value;
  }

  removeItem(name) {
    delete this[name];
  }
}

/** Stand on an address, in a browser that speaks some languages. */
export function browse(address, languages = ["en"]) {
  const url = new URL(address, "http://localhost");
  const former = [];
  const stand = (next) => define("location", new URL(next));
  const globals = {
    location: url,
    scrollY: 0,
    navigator: { languages },
    document: { documentElement: { lang: "" } },
    localStorage: new Storage(),
    dispatchEvent: () => true,
    history: {
      state: null,
      replaceState: (_state, _title, next) => next && stand(next),
      pushState: (_state, _title, next) => {
        former.push(location.href);
        stand(next);
      },
      back: () => stand(former.pop()),
    },
  };
  for (const [name, value] of Object.entries(globals)) define(name, value);
}

function define(name, value) {
  Object.defineProperty(globalThis, name, {
    value,
    configurable: true,
    writable: true,
  });
}

const read = (path) => readFile(new URL(path, import.meta.url), "utf-8");

const readCatalogue = async (language) =>
  JSON.parse(await read(`../../frontend/locales/${language}.json`));

/** Speak a language with the texts of the catalogue. */
export async function speak(language) {
  browse("/", [language]);
  await startLanguage(["en", "ja"], readCatalogue);
  await switchLanguage(language);
}

/** What the server answers to GET /options; tests of the server hold the file to the real answer. */
export const OPTIONS = JSON.parse(await read("./options.json"));

/** Have the options at hand as if the server had been asked. */
export async function learnOptions() {
  define("fetch", async (path) => {
    if (path !== "/api/v1/options") throw new Error(`not expected: ${path}`);
    return Response.json(OPTIONS);
  });
  await startOptions(new AbortController().signal);
}
