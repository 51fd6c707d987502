/** The bar above and the line below every page: name, way home, language, version. */

import { addressOf, handbookOf } from "../base/api.js";
import { fill, h } from "../base/dom.js";
import { known, language, onLanguage, t } from "../base/i18n.js";
import { within } from "../base/root.js";
import { hrefOf } from "../base/router.js";
import { onSession, signedIn } from "../accounts/session.js";
import { chooseLanguage, NAMES_OF_LANGUAGES } from "../words/languages.js";

const PLACES = { "/": "start", "/experiments": "experiments", "/data": "data", "/sweeps": "sweeps" };

/** @param {string} version @param {AbortSignal} signal */
export function header(version, signal) {
  const draw = () => {
    const home = /** @type {HTMLAnchorElement} */ (document.getElementById("home"));
    home.setAttribute("aria-label", t("ui.nav.home"));
    home.href = hrefOf("/");
    fill(/** @type {Element} */ (document.getElementById("skip")), t("ui.nav.skip"));
    fill(/** @type {Element} */ (document.getElementById("languages")), languages());
    ways(/** @type {Element} */ (document.getElementById("nav")));
    fill(/** @type {Element} */ (document.getElementById("footer")), footer(version));
  };
  onLanguage(draw, signal);
  onSession(draw, signal);
  for (const event of ["navigate", "popstate"]) addEventListener(event, draw, { signal });
  draw();
}

/** The pages that are reached from everywhere; the one shown is marked. @param {Element} nav */
function ways(nav) {
  nav.setAttribute("aria-label", t("ui.nav.pages"));
  fill(
    nav,
    Object.entries(PLACES).map(([path, name]) => {
      const isHere = within(location.pathname) === path;
      const attributes = { href: hrefOf(path), data: { page: "" }, "aria-current": isHere ? "page" : null };
      return h("a", attributes, t(`ui.nav.${name}`));
    }),
  );
}

function languages() {
  return known().map((name) =>
    h(
      "button",
      { type: "button", lang: name, "aria-pressed": String(name === language()), on: { click: () => choose(name) } },
      NAMES_OF_LANGUAGES[name] ?? name,
    ),
  );
}

/** @param {string} name */
async function choose(name) {
  await chooseLanguage(name);
  /** @type {HTMLElement | null} */ (document.querySelector(`#languages [lang="${name}"]`))?.focus({
    preventScroll: true,
  });
}

/** @param {string} version */
function footer(version) {
  return [
    h("span", {}, t("ui.footer.privacy")),
    h("span", { class: "spring" }),
    h("a", { href: hrefOf("/workers"), data: { page: "" } }, t("ui.workers.title")),
    h("a", { href: hrefOf("/settings"), data: { page: "" } }, t("ui.prefs.title")),
    signedIn()
      ? h("a", { href: hrefOf("/account"), data: { page: "" } }, t("ui.account.of", { name: signedIn() }))
      : null,
    h("a", { href: handbookOf("index.html") }, t("ui.footer.docs")),
    h("a", { href: addressOf("/docs") }, t("ui.footer.api")),
    h("span", { class: "number" }, `µScope ${version}`),
  ];
}
