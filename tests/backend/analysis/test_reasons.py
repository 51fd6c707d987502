import ast
import string
from pathlib import Path

import pytest

from muscope.backend.analysis.reasons import multiple, multiple_range, percent, rounded, share_range
from muscope.backend.analysis.verdict.rules import RULES
from muscope.backend.catalogue import LANGUAGES, catalogue
from muscope.backend.domain.spec.scaling.step_up import BatchRule, StepsRule
from muscope.backend.domain.verdict.verdict import Interval, Outcome

BACKEND = Path(__file__).resolve().parents[3] / "backend"
RANGE = {"low", "high"}
# Said under earlier versions of the rules, in verdicts that are still shown.
EARLIER_RULES = {"flat_optimum", "losses_disagree", "no_gain"}
EARLIER_REASONS = {"flat_optimum", "losses_disagree", "narrow_search", "no_gain", "search_keeps"}


def trees(folder):
    for path in (BACKEND / folder).rglob("*.py"):
        yield ast.parse(path.read_text(encoding="utf-8"))


def calls(function, folder="analysis"):
    """Yield the calls of a function in a folder of the backend, by its name."""
    for tree in trees(folder):
        yield from calls_in(tree, function)


def calls_in(tree, function):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function:
            yield node


def reasons_of(folder):
    """Yield every code a reason may have, with its parameters.

    A code in the call is one of two, or a prefix with every member of an enumeration.
    """
    for tree in trees(folder):
        either = {
            node.targets[0].id: (literal(node.value.body), literal(node.value.orelse))
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.IfExp)
            if isinstance(node.targets[0], ast.Name)
        }
        for call in calls_in(tree, "reason"):
            for name in names_of(call.args[0], either):
                yield name, given(call)


def names_of(code, either):
    if isinstance(code, ast.JoinedStr):
        prefix = literal(code.values[0])
        return [prefix + member for member in MEMBERS[prefix]]
    return either[code.id] if isinstance(code, ast.Name) else (literal(code),)


def literal(node):
    return node.value if isinstance(node, ast.Constant) else None


MEMBERS = {"batch_rule_": BatchRule, "steps_rule_": StepsRule}
STARS = {
    "named": {"size"},
    "named_base": {"base_size"},
    "ends": RANGE,
    "share_range": RANGE,
    "multiple_range": RANGE,
}


def given(call):
    names = {keyword.arg for keyword in call.keywords if keyword.arg}
    stars = [ast.unparse(keyword.value).split("(")[0] for keyword in call.keywords if keyword.arg is None]
    return names.union(*(STARS[star] for star in stars))


def code_of(call):
    return next(literal(keyword.value) for keyword in call.keywords if keyword.arg == "code")


REASONS = dict((*reasons_of("analysis"), *reasons_of("services"))) | {
    # Said where the spec is known as well as the verdict; without parameters.
    code_of(call): set()
    for call in calls("Reason", "services")
}
PARTS = ("title", "manager", "next")
PRECONDITIONS = {"too_few_seeds", "one_width", "missing_runs", "runs_pending", "coordinate_check"}
NAMES = (
    {rule.text for rule in RULES}
    | {
        node.value
        for call in (*calls("Finding"), *calls("_replace"))
        for value in call.args[1:2]
        for node in ast.walk(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    | PRECONDITIONS
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", sorted(REASONS))
def test_every_reason_has_words_that_take_its_parameters(code, language):
    text = catalogue(language)[f"reason.{code}"]

    wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    assert wanted == REASONS[code] - {"currency"}  # money is written in its currency


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_and_outcome_has_words_and_none_is_left_over(language):
    texts = {key.removesuffix(".rank").removesuffix(".plain") for key in catalogue(language)}

    assert {key.removeprefix("rule.") for key in texts if key.startswith("rule.")} == NAMES | EARLIER_RULES
    reasons = {key.removeprefix("reason.") for key in texts if key.startswith("reason.")}
    assert reasons == set(REASONS) | EARLIER_REASONS
    for outcome in Outcome:
        assert {f"outcome.{outcome}.{part}" for part in PARTS} <= texts


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_open_answer_has_a_headline_of_its_own(language):
    """That runs are still to come is the only open answer that is no card."""
    texts = catalogue(language)
    of_rules = {rule.text for rule in RULES if rule.outcome is Outcome.INCONCLUSIVE}
    owned = {key.split(".")[1] for key in texts if key.startswith("headline.")}

    assert owned >= of_rules | {"at_limit", "unstable", "cliff_nears"} | (PRECONDITIONS - {"runs_pending"})
    assert owned <= NAMES | EARLIER_RULES | {"at_limit"}
    assert {f"headline.{rule}.{part}" for rule in owned for part in PARTS} <= set(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_managers_never_see_octaves(language):
    shown = {
        key: text
        for key, text in catalogue(language).items()
        if key.startswith(("headline.", "outcome.", "reason."))
    }

    assert {key for key, text in shown.items() if "octave" in text.lower() or "オクターブ" in text} == set()


def test_numbers_are_rounded_for_people():
    assert (rounded(0.123456), rounded(-0.0), percent(0.02), multiple(-1.0)) == (0.123, 0.0, 2.0, 0.5)
    assert (percent(0.002581), percent(0.17249), percent(-0.0001)) == (0.26, 17.2, -0.01)
    assert multiple(5000) > 1e20


def test_intervals_become_percentages_and_multiples():
    interval = Interval(low=-1.0, high=0.5, level=0.9, method="student_t")

    assert share_range(interval) == {"low": -100.0, "high": 50.0}
    assert multiple_range(interval) == {"low": 0.5, "high": 1.41}
