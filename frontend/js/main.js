/** Starts the page: texts, header, and whichever page the address names. */

import { ApiError, isAbort, readStatic } from "./base/api.js";
import { errorPage } from "./pages/error_page.js";
import { header } from "./pages/header.js";
import { loading } from "./pages/loading.js";
import { fill } from "./base/dom.js";
import { followLanguage, onLanguage, startLanguage, t } from "./base/i18n.js";
import { followOtherTabs, onPreference } from "./viewer/preferences.js";
import { holdPlace, keepPlaces, returnToPlace } from "./focus/scroll_places.js";
import { followTheme } from "./viewer/theme.js";
import { followLinks, routeOf } from "./base/router.js";
import { askWhoIsSignedIn, followSignOut } from "./accounts/session.js";
import { showTitle } from "./base/title.js";
import { tour } from "./tour/tour.js";

/** @import { Page, Route } from "../types/page.js" */
/** @typedef {{open: (route: Route, signal: AbortSignal) => Promise<Page>}} PageModule */

/** @type {Record<string, () => Promise<PageModule>>} */
const PAGES = {
  home: () => import("./pages/home.js"),
  data: () => import("./pages/files/files.js"),
  dataset: () => import("./pages/dataset.js"),
  experiment: () => import("./pages/experiment.js"),
  compare: () => import("./pages/compare/compare.js"),
  experiments: () => import("./pages/lists/experiments.js"),
  settings: () => import("./pages/settings/settings.js"),
  sign_in: () => import("./pages/accounts/sign_in.js"),
  account: () => import("./pages/accounts/account.js"),
  users: () => import("./pages/accounts/users.js"),
  audit: () => import("./pages/accounts/audit.js"),
  sweeps: () => import("./pages/sweeps/sweeps.js"),
  sweep: () => import("./pages/sweeps/sweep.js"),
  workers: () => import("./pages/workers/workers.js"),
  missing: () => import("./pages/missing.js"),
};
const life = new AbortController();
const root = /** @type {HTMLElement} */ (document.getElementById("page"));
let visit = new AbortController();
/** @type {Page | null} */
let page = null;
let unmount = () => {};
/** The address whose page is open. */
let shown = "";

async function show() {
  const route = routeOf(location.pathname);
  shown = location.pathname;
  if (page?.turn?.(route)) return;
  holdPlace();
  visit.abort();
  const mine = (visit = new AbortController());
  leave();
  fill(root, loading());
  try {
    const { open } = await scriptsOf(route.name);
    const opened = await open(route, mine.signal);
    if (mine.signal.aborted) return;
    page = opened;
  } catch (error) {
    if (isAbort(error) || mine.signal.aborted) return;
    page = errorPage(error, show);
  }
  draw();
  root.focus({ preventScroll: true });
  returnToPlace();
}

/** The scripts of a page, which cannot be had without a connection. @param {string} name */
function scriptsOf(name) {
  return PAGES[name]().catch(() => {
    throw new ApiError(0, "no_connection", t("ui.error.no_connection"));
  });
}

function leave() {
  unmount();
  unmount = () => {};
  page = null;
}

/** Say the page again, in another language or reading level, from the data at hand; the reader stays in place. */
function redraw() {
  const { scrollY: place } = window;
  const focused = document.activeElement?.id;
  root.style.minHeight = `${root.offsetHeight}px`; // an empty page would scroll to its top
  draw();
  scrollTo(0, place);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  root.style.minHeight = "";
}

/** Draw the page that is open. */
function draw() {
  unmount();
  root.replaceChildren();
  if (page === null) return;
  showTitle(page.title());
  const ends = [page.mount(root), tour(location.pathname, document.body)];
  unmount = () => ends.forEach((end) => end());
}

/** @type {{languages: string[], version: string}} */
const config = await readStatic("config.json");
await startLanguage(config.languages, (language) => readStatic(`locales/${language}.json`));
followSignOut(life.signal);
await askWhoIsSignedIn();
header(config.version, life.signal);
onLanguage(redraw, life.signal);
followOtherTabs();
followTheme(life.signal);
onPreference("level", redraw, life.signal);
onPreference("language", followLanguage, life.signal);
followLinks(life.signal);
keepPlaces(life.signal);
// A question given up with its page is nobody's failure, whoever had asked it.
addEventListener("unhandledrejection", (event) => isAbort(event.reason) && event.preventDefault());
addEventListener("navigate", show, { signal: life.signal });
addEventListener("popstate", () => location.pathname !== shown && show(), { signal: life.signal }); // not for #page
await show();
// The list is where most readers go next: its parts are loaded while nothing else happens.
(globalThis.requestIdleCallback ?? setTimeout)(() => PAGES.experiments().catch(() => null));
