"""The report says what the card says: the page's own scripts are asked, for every rule and every format."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from muscope.backend.analysis.verdict.overall import overall
from muscope.backend.catalogue import LANGUAGES
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.statement import Reason
from muscope.backend.report.words import answer, limits, next_steps, savings_words
from muscope.backend.report.words.say import Words
from muscope.backend.report.words.scenario_words import overall_text
from muscope.backend.report.words.three_numbers import three_numbers
from tests.backend.analysis.verdict.judged_cases import CASES
from tests.backend.report.materials import case, savings

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]

VALUES = (0.0, 1.0, -1.5, 0.0625, 0.00781, 1234.5, 999999.4, 1e-5, -3e-7, 2.5e7, 0.345, 2.345, 0.1 + 0.2)
SHARES = (0.0, 0.00049, 0.0049, 0.00995, 0.0123, 0.0995, 0.1, 0.555, 1.0, -0.038, -0.0001, 1.23)
TIMES = (0, 1, 4, 45, 59.6, 60, 61, 125, 599, 600, 3599, 3660, 7200, 100_000)
AMOUNTS = (0.0, 3.5, 9.994, 10.0, 1234.4, -24.5, 1e7)
ASK = """
async ([module, name, calls]) => {
  const found = await import(`/static/js/${module}`);
  return calls.map((call) => found[name](...call));
}
"""
# Text of elements that a script draws, paragraph by paragraph.
DRAWN = """
async ([module, name, verdict]) => {
  const made = (await import(`/static/js/${module}`))[name](verdict);
  return [made].flat(9).filter(Boolean).map((element) => element.textContent);
}
"""


@pytest.fixture(scope="module")
def pages(instance, browser):
    """Open a page per language, whose scripts are asked."""
    opened = {}
    for language in LANGUAGES:
        opened[language] = browser.new_context(locale={"en": "en-GB", "ja": "ja-JP"}[language]).new_page()
        opened[language].goto(instance.url)
        opened[language].wait_for_selector("h1")
    yield opened
    for page in opened.values():
        page.context.close()


def asked(page: Page, module: str, name: str, *calls: list[Any]) -> list[Any]:
    found: list[Any] = page.evaluate(ASK, [module, name, list(calls)])
    return found


def drawn(page: Page, module: str, name: str, verdict: Any) -> list[str]:
    found: list[str] = page.evaluate(DRAWN, [module, name, json.loads(verdict.model_dump_json())])
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_are_written_as_on_the_page(pages, language):
    words, page = Words(language), pages[language]
    numbers = words.numbers

    def calls(values):
        return [[value] for value in values]

    for name, ours, values in (
        ("figure", numbers.figure, VALUES),
        ("octaves", numbers.octaves, VALUES),
        ("percent", numbers.percent, SHARES),
        ("finePercent", numbers.fine_percent, SHARES),
        ("asFactor", numbers.as_factor, (-1.0, 0.0, 0.5, 1.0, 2.0, 3.3, 5.0)),
        ("duration", numbers.duration, TIMES),
        ("about", words.about, TIMES),
    ):
        assert [ours(value) for value in values] == asked(page, "base/format.js", name, *calls(values)), name
    for currency in ("JPY", "USD"):
        theirs = asked(page, "base/format.js", "money", *([value, currency] for value in AMOUNTS))
        assert [numbers.money(value, currency) for value in AMOUNTS] == theirs


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("has_control", [True, False])
def test_the_answer_is_told_as_on_the_card(pages, language, has_control):
    words, page = Words(language), pages[language]
    for rule in CASES:
        _, verdict = case(rule, has_control=has_control)
        plain = json.loads(verdict.model_dump_json())
        for part in ("title", "manager", "next"):
            theirs = asked(page, "verdict/verdict_lead.js", "headline", [plain, part])
            assert [answer.headline(verdict, part, words)] == theirs, rule
        assert answer.lead(verdict, words) == drawn(page, "verdict/verdict_lead.js", "lead", verdict), rule
        assert [answer.is_founded(verdict)] == asked(page, "verdict/verdict_lead.js", "isFounded", [plain]), (
            rule
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_three_numbers_and_the_limits_are_those_of_the_card(pages, language):
    words, page = Words(language), pages[language]
    for rule in CASES:
        _, verdict = case(rule, has_control=True)
        shown = "".join(drawn(page, "verdict/numbers/verdict_numbers.js", "verdictNumbers", verdict))
        for number in three_numbers(verdict, words):
            for said in (number.title, number.value, number.means, *number.facts, *number.details):
                assert said in shown, (rule, number.name, said)
        reach = "".join(drawn(page, "verdict/verdict_limits.js", "verdictLimits", verdict))
        for said in (limits.measured(verdict.ranges, words), *limits.estimated(verdict, words)):
            assert said in reach, (rule, said)
        then = "".join(drawn(page, "verdict/verdict_next.js", "verdictNext", verdict))
        assert next_steps.instruction(verdict, words) in then, rule
        assert next_steps.next_words(verdict, words) in then, rule


@pytest.mark.parametrize("language", LANGUAGES)
def test_reasons_and_scenarios_are_told_as_on_the_page(pages, language):
    words, page = Words(language), pages[language]
    reasons = [why for rule in CASES for why in case(rule, has_control=True)[1].reasons]
    reasons += [
        Reason(code="size_not_run_takes", params={"width": 64, "depth": 2, "minutes": 12.5}),
        Reason(
            code="left_out_by_budget_costs",
            params={"width": 64, "depth": 2, "minutes": 3.2, "money": 1234.5, "currency": "JPY"},
        ),
        Reason(code="no_such_code"),
    ]
    calls = [[why.model_dump(mode="json")] for why in reasons]
    scenarios = (
        "as_given",
        "label_noise:0.2",
        "subsample:0.5",
        "momentum:0.9",
        "batch_size:4",
        "schedule:cosine",
    )

    assert [words.reason(why) for why in reasons] == asked(
        page, "verdict/reason_text.js", "reasonText", *calls
    )
    for task in Task:
        theirs = asked(page, "words/scenario_text.js", "scenarioText", *([each, task] for each in scenarios))
        assert [words.scenario(Scenario(each), task) for each in scenarios] == theirs
    verdicts = [case(rule, has_control=True)[1] for rule in ("transfers", "regret_too_large", "unresolved")]
    named = [
        each.model_copy(update={"scenario": Scenario(name)})
        for each, name in zip(verdicts, ("as_given", "label_noise:0.2", "subsample:0.5"), strict=True)
    ]
    found = overall(named)
    plain = json.loads(found.model_dump_json())
    ours = overall_text(found, Task.CLASSIFICATION, words)
    assert [ours] == asked(page, "verdict/scenarios.js", "overallText", [plain, "classification"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "changes", [{}, {"hours_per_run": 0.0, "poc_hours": 9.0}, {"staff_rate": None, "rate_per_hour": None}]
)
def test_savings_are_told_as_on_the_page(pages, language, changes):
    words, found = Words(language), savings(**changes)

    shown = "".join(drawn(pages[language], "cost/savings_answer.js", "savingsAnswer", found))

    assert savings_words.sentence(found, words) in shown
    for row in savings_words.expense_rows(found, words, has_saved=True):
        for cell in row:
            assert cell in shown or cell == words.say("report.money.none")
    for gain in found.gains:
        assert savings_words.gain_words(gain, words) in shown
