/** The viewer's own settings, kept in this browser, and the limits that the operator has set. */

import { get } from "../../base/api.js";
import { fill, h } from "../../base/dom.js";
import { bytes } from "../../base/format.js";
import { known, language, t } from "../../base/i18n.js";
import { startOptions } from "../../base/options.js";
import { forgetPreferences } from "../../viewer/preferences.js";
import { confirmed } from "../../focus/confirm.js";
import { LEVELS } from "../../viewer/reading_level.js";
import { chooseTheme, chosenTheme, THEMES } from "../../viewer/theme.js";
import { factEntries } from "../../base/tables.js";
import { currencyField, rateField } from "../../cost/rate_fields.js";
import { alertControl } from "../../experiment/answer_alert.js";
import { choiceSwitch } from "../../words/choice_switch.js";
import { chooseLanguage, NAMES_OF_LANGUAGES } from "../../words/languages.js";
import { levelSwitch } from "../../words/level_switch.js";

/** @import { Theme } from "../../viewer/theme.js" */
/** @import { Usage } from "../../../types/answers.js" */
/** @import { Child, Page, Route } from "../../../types/page.js" */

/** @param {Route} _route @param {AbortSignal} signal @returns {Promise<Page>} */
export async function open(_route, signal) {
  /** @type {[Usage, void]} */
  const [usage] = await Promise.all([get("/usage", signal), startOptions(signal)]);
  return {
    title: () => t("ui.prefs.title"),
    mount(root) {
      root.append(...parts(usage, signal));
      return () => {};
    },
  };
}

/** @param {Usage} usage @param {AbortSignal} signal */
function parts(usage, signal) {
  const own = h("div", { class: "stack" });
  const draw = () =>
    fill(
      own,
      section("language", languages()),
      section("theme", themes(draw)),
      section("level", levels()),
      costs(draw),
      alerts(),
    );
  draw();
  return [
    h(
      "header",
      { class: "page-head" },
      h("h1", {}, t("ui.prefs.title")),
      h("p", { class: "lead" }, t("ui.prefs.kept")),
    ),
    own,
    h("div", { class: "row" }, reset(draw, signal)),
    limits(usage),
  ];
}

/** @param {string} name @param {...Child} content */
const section = (name, ...content) =>
  h("section", { class: "panel stack", data: { preference: name } }, h("h2", {}, t(`ui.prefs.${name}`)), ...content);

const languages = () =>
  choiceSwitch(
    "settings-language",
    t("ui.prefs.language"),
    known().map((name) => ({ value: name, words: NAMES_OF_LANGUAGES[name] ?? name, lang: name })),
    language(),
    chooseLanguage,
  );

/** @param {() => void} onChoice */
const themes = (onChoice) =>
  choiceSwitch(
    "settings-theme",
    t("ui.prefs.theme"),
    THEMES.map((theme) => ({ value: theme, words: t(`ui.theme.${theme}`) })),
    chosenTheme(),
    (theme) => {
      chooseTheme(/** @type {Theme} */ (theme));
      onChoice();
      document.getElementById(`settings-theme-${theme}`)?.focus({ preventScroll: true });
    },
  );

const levels = () => [
  levelSwitch("settings-level"),
  h(
    "ul",
    { class: "plain" },
    LEVELS.map((level) => h("li", {}, t(`ui.prefs.level_means`, meaning(level)))),
  ),
];

/** @param {string} level */
const meaning = (level) => ({ level: t(`ui.level.${level}`), means: t(`ui.level.${level}.means`) });

/** @param {() => void} onCurrency */
const costs = (onCurrency) =>
  section(
    "rates",
    h("p", { class: "hint" }, t("ui.prefs.rates_hint")),
    h(
      "div",
      { class: "fields" },
      rateField("settings", "rate_per_hour"),
      rateField("settings", "staff_rate"),
      currencyField("settings", onCurrency),
    ),
  );

const alerts = () => section("alerts", alertControl());

/** @param {() => void} onReset @param {AbortSignal} signal */
function reset(onReset, signal) {
  const question = {
    title: t("ui.prefs.reset"),
    words: h("p", {}, t("ui.prefs.reset_sure")),
    action: t("ui.prefs.reset_do"),
  };
  const click = async () => {
    if (await confirmed(question, async () => forgetPreferences(), signal)) onReset();
  };
  return h(
    "button",
    { type: "button", class: "button", data: { action: "reset" }, on: { click } },
    t("ui.prefs.reset"),
  );
}

/** @param {Usage} usage */
function limits({ limit_bytes: quota, upload_limit_bytes: upload, used_bytes: used, keep_days: days }) {
  /** @type {[string, string][]} */
  const entries = [
    [t("ui.prefs.limit.used"), bytes(used)],
    [t("ui.prefs.limit.quota"), bytes(quota)],
    [t("ui.prefs.limit.upload"), bytes(upload)],
    [t("ui.prefs.limit.keep"), days === null ? t("ui.prefs.keep_always") : t("ui.prefs.keep_days", { days })],
  ];
  const names = "MUSCOPE_USER_QUOTA_BYTES, MUSCOPE_UPLOAD_LIMIT_BYTES, MUSCOPE_KEEP_DAYS";
  const how = t("ui.prefs.limits_how", { names });
  return section("limits", h("dl", { class: "facts" }, factEntries(entries)), h("p", { class: "hint" }, how));
}
