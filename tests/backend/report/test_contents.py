"""Every outcome, rule, state, scenario and unit is told in both languages, without a broken sentence."""

from __future__ import annotations

import math
from functools import cache

import pytest

from muscope.backend.catalogue import LANGUAGES
from muscope.backend.domain.lifecycle import ExperimentState, StopReason
from muscope.backend.domain.spec.dataset import Task, TextProfile
from muscope.backend.domain.spec.families.transformer import GPT, NormKind
from muscope.backend.domain.spec.judging.decision import CostUnit, Settle
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import EarlyAnswer
from muscope.backend.domain.verdict.statement import Outcome, Reason
from muscope.backend.report.contents import SECTIONS, contents
from muscope.backend.report.material import RunCounts
from muscope.backend.report.sections.first_page import MOST_GROUNDS
from muscope.backend.report.words import answer, next_steps
from muscope.backend.report.words.say import Words
from tests.backend.analysis import test_step_up as step_up
from tests.backend.analysis.sweeps import parabolas, unresolved
from tests.backend.analysis.verdict.judged_cases import CASES
from tests.backend.report.materials import DATA, case, drawn, judged, material, savings
from tests.backend.report.reading import faults, texts

SCENARIOS = [
    "as_given",
    "label_noise:0.2",
    "feature_noise:0.3",
    "subsample:0.5",
    "class_imbalance:0.1",
    "momentum:0.9",
    "weight_decay:0.01",
    "batch_size:4",
    "schedule:cosine",
]
EARLY = EarlyAnswer(
    outcome=Outcome.TRANSFERS, confidence=0.8, at_step=50, num_steps=100, sizes=(Size(32, 3),), num_sizes=4,
    would_change=(Reason(code="early_seeds", params={"percent": 12}),),
)  # fmt: skip


def read(made, language):
    return contents(made, Words(language, 540))


def said(made, language="en"):
    return "\n".join(text for _, text in texts(read(made, language)))


@pytest.mark.parametrize(
    ("target", "told"), [(None, "the largest model trained"), (2048, "4 times"), (65_536, "too far")]
)
def test_the_first_page_names_the_model_that_the_rate_is_for(target, told):
    spec, verdict = case("transfers", has_control=True)
    largest = max(spec.widths)
    spec = spec.model_copy(update={"target_width": target and target * largest // 512})

    page = read(material(spec, verdict), "en").page

    assert told in dict(page.facts)["To be used for"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("has_control", [True, False])
@pytest.mark.parametrize("rule", CASES)
def test_every_rule_is_told_without_a_broken_sentence(rule, has_control, language):
    spec, verdict = case(rule, has_control=has_control)

    found = read(material(spec, verdict, figures=(drawn(language),)), language)

    assert faults(found) == []
    assert len(found.sections) == len(SECTIONS)
    assert len(found.page.grounds) == MOST_GROUNDS
    assert found.page.approvals
    assert found.page.risks
    assert found.page.stops


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "changes",
    [
        {"state": ExperimentState.CANCELLED},
        {"state": ExperimentState.FAILED, "runs": RunCounts(planned=180, ended=0, diverged=0, failed=180)},
        {"stop_reason": StopReason.BUDGET},
        {"stop_reason": StopReason.SETTLED},
        {"is_judged_by_old_rules": True},
        {"started_at": None, "finished_at": None, "environments": ()},
        {"savings": savings(rate_per_hour=None, staff_rate=None)},
        {"savings": savings(hours_per_run=0.0, poc_hours=20.0)},
        {"data": DATA.model_copy(update={"preprocessing": None})},
    ],
    ids=lambda changes: "-".join(changes),
)
@pytest.mark.parametrize("rule", ["transfers", "nothing_learned", "unresolved"])
def test_every_state_is_told_without_a_broken_sentence(rule, changes, language):
    spec, verdict = case(rule, has_control=True)

    assert faults(read(material(spec, verdict, **changes), language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("early", [None, EARLY])
def test_a_running_experiment_gives_an_interim_report_that_asks_for_nothing(early, language):
    spec, verdict = judged(unresolved(), is_interim=True)
    verdict = verdict.model_copy(update={"early": early})
    words = Words(language)

    found = read(material(spec, verdict, state=ExperimentState.RUNNING, finished_at=None), language)

    assert faults(found) == []
    assert found.page.kicker == words.say("report.kicker.interim")
    assert found.page.title == words.say("ui.verdict.waiting")
    assert found.page.banner
    assert found.page.approvals[0] == words.say("report.approve.interim")
    assert found.page.instruction == ""


@cache
def under(scenario, scenarios):
    return judged(parabolas(), scenario=scenario, scenarios=scenarios)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_kind_of_scenario_and_task_is_told(scenario, task, language):
    scenarios = tuple(dict.fromkeys((Scenario.AS_GIVEN, Scenario(scenario))))
    pairs = [under(each, scenarios) for each in scenarios]
    shape = DATA.shape.model_copy(update={"task": task})

    found = read(
        material(
            pairs[0][0], *(verdict for _, verdict in pairs), data=DATA.model_copy(update={"shape": shape})
        ),
        language,
    )

    assert faults(found) == []
    name = Words(language).scenario(Scenario(scenario), task)
    assert any(name in text for _, text in texts(found))


@pytest.mark.parametrize("language", LANGUAGES)
def test_extra_training_and_the_settle_stage_are_told(language):
    spec, verdict = judged(
        unresolved(), cost_unit=CostUnit.EXTRA_TRAINING, settle=Settle(), deciding_loss=Metric.TRAIN_LOSS
    )

    found = read(material(spec, verdict), language)

    assert faults(found) == []
    assert Words(language).say("report.method.settle", seeds="48") in dict(texts(found)).values()


@pytest.mark.parametrize("language", LANGUAGES)
def test_options_of_the_model_that_were_changed_are_told_by_name(language):
    spec, verdict = judged(unresolved())
    spec = spec.model_copy(update={"model": GPT(norm=NormKind.RMS, has_tied_embeddings=True)})

    found = read(material(spec, verdict), language)

    assert faults(found) == []
    words = Words(language)
    told = [text for _, text in texts(found)]
    for key in ("norm", "has_tied_embeddings"):
        assert words.say(f"ui.settings.model.{key}") in told
    assert words.say("ui.settings.value.rms") in told
    assert words.say("ui.settings.model.mlp_ratio") not in told


@pytest.mark.parametrize("language", LANGUAGES)
def test_losses_of_a_text_are_told_in_bits_per_byte_of_its_vocabulary(language):
    spec, verdict = judged(unresolved())
    shape = DATA.shape.model_copy(update={"task": Task.LANGUAGE_MODELLING})
    text = TextProfile(num_bytes=90_000, num_files=1, bytes_per_token=2.0)
    data = DATA.model_copy(update={"shape": shape, "profile": DATA.profile.model_copy(update={"text": text})})
    size = verdict.arm.sizes[-1]
    best = next(each.best_loss for each in size.losses if each.loss is Metric.VAL_LOSS)

    found = read(material(spec, verdict, data=data), language)

    words = Words(language)
    told = [text for _, text in texts(found)]
    assert words.say("report.bits_per_byte", size=words.size(size.width, size.depth)) in told
    assert best is not None
    assert words.numbers.figure(best / math.log(2) / 2) in told


def test_the_sheet_has_the_numbers_of_the_verdict():
    spec, verdict = case("unresolved", has_control=True)
    deciding = verdict.deciding

    cost, benefit, cliff = read(material(spec, verdict), "en").page.grounds

    assert deciding is not None
    assert deciding.cost.value is not None
    assert float(cost.value.rstrip("%")) / 100 == pytest.approx(deciding.cost.value, abs=5e-4)
    assert f"up to {100 * deciding.limit:.2f}%" in " ".join(cost.facts)
    assert (cost.mark, cost.decides) == ("cannot be told", True)
    assert not benefit.decides
    assert not cliff.decides


def test_the_sheet_has_the_numbers_of_the_savings():
    spec, verdict = case("transfers", has_control=True)
    found = savings()

    rows = read(material(spec, verdict), "ja").page.cost_rows

    assert [row[3] for row in rows] == [
        f"￥{round(each.money):,}"
        for each in (found.direct, found.spent, found.saved)
        if each.money is not None
    ]
    assert rows[0][1] == "4 時間 30 分"  # 45 runs of six minutes


@pytest.mark.parametrize(
    ("rule", "is_told"),
    [("transfers", True), ("fine_tune", True), ("regret_too_large", False), ("unresolved", False)],
)
def test_a_saving_is_told_only_where_the_answer_lets_it_come_true(rule, is_told):
    spec, verdict = case(rule, has_control=True)
    words = Words("en")

    rows = read(material(spec, verdict), "en").page.cost_rows

    assert (words.say("ui.savings.saved") in [row[0] for row in rows]) is is_told


@pytest.mark.parametrize("rule", CASES)
def test_no_report_asks_for_production(rule):
    spec, verdict = case(rule, has_control=True)
    words = Words("en")

    found = read(material(spec, verdict), "en").page

    allowed = {words.say("report.approve.production"), words.say("report.approve.no_production")}
    assert all("roduction" not in point or point in allowed for point in found.approvals)
    # A rate is asked for only where the card names one.
    names_a_rate = any("Use the learning rate" in point for point in found.approvals)
    assert names_a_rate is (verdict.outcome in ("transfers", "sharpness_drifts"))


def test_the_rate_to_approve_is_the_one_the_card_names():
    spec, verdict = case("transfers", has_control=True)
    words = Words("en")

    found = read(material(spec, verdict), "en").page

    assert verdict.outlook is not None
    assert verdict.outlook.recommendation.lr is not None
    rate = words.numbers.figure(verdict.outlook.recommendation.lr)
    assert f"learning rate {rate}" in found.instruction
    assert f"learning rate {rate}" in found.approvals[0]


def test_all_that_is_needed_to_repeat_is_in_the_appendix():
    spec, verdict = case("transfers", has_control=True)
    made = material(spec, verdict)

    text = said(made)

    for part in (made.spec_sha256, made.data.sha256, verdict.thresholds.sha256(), "2.13.0", made.version):
        assert part in text
    code = next(block.text for block in read(made, "en").sections[-1].blocks if block.kind == "code")
    assert type(spec).model_validate_json(code) == spec


def test_rows_before_and_after_are_told():
    spec, verdict = case("transfers", has_control=True)

    found = {text for _, text in texts(read(material(spec, verdict), "en"))}

    assert {"103", "100", "3", "80 / 20"} <= found


def test_managers_never_read_octaves_or_names_of_methods():
    for rule in CASES:
        spec, verdict = case(rule, has_control=True)
        found = read(material(spec, verdict), "en")
        for_managers = [text for place, text in texts(found) if place.startswith(("page", "phrases"))]

        assert not any(
            word in text for text in for_managers for word in ("octave", "Clopper", "SC1", "M7", "Student")
        ), rule


def test_a_verdict_without_outlook_is_told():
    """Verdicts of earlier rules have none."""
    for rule in CASES:
        spec, verdict = case(rule, has_control=False)
        old = verdict.model_copy(update={"outlook": None, "open": None, "deciding": None, "beyond": None})

        assert faults(read(material(spec, old, is_judged_by_old_rules=True), "ja")) == [], rule


@pytest.mark.parametrize(("rule", "is_safe"), [("unresolved", True), ("base_at_edge", False)])
def test_a_safe_way_is_named_only_where_the_best_rate_is_known(rule, is_safe):
    spec, verdict = case(rule, has_control=True)
    words = Words("en")

    found = read(material(spec, verdict), "en")

    safe = next_steps.safe_way(verdict, words)
    assert safe is not None
    assert any(safe in text for _, text in texts(found)) is is_safe


def test_an_open_answer_has_no_instruction_but_a_safe_way():
    _, verdict = case("unresolved", has_control=True)
    words = Words("en")

    assert next_steps.instruction(verdict, words) == ""
    assert next_steps.safe_way(verdict, words)
    assert answer.title(verdict, words) == words.say("headline.unresolved.title")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scenario", ["batch_axis:64", "steps_axis:192", "step_up"])
@pytest.mark.parametrize(
    "rules", [{"batch_rule": "sqrt"}, {"batch_rule": "linear", "steps_rule": "token_horizon"}]
)
def test_a_step_up_is_told_without_a_broken_sentence(scenario, rules, language):
    of = step_up.plan(**rules)
    verdict = step_up.verdict(of, Scenario(scenario))

    found = read(material(of, verdict, figures=(drawn(language),)), language)

    assert faults(found) == []
    assert found.page.approvals


def test_the_rate_to_approve_after_a_step_up_is_the_one_of_its_rule():
    verdict = step_up.verdict(of := step_up.plan(batch_rule="sqrt"), Scenario("batch_axis:64"))

    approvals = " ".join(map(str, read(material(of, verdict), "en").page.approvals))

    assert Words("en", 0).numbers.figure(verdict.reused_lr) in approvals
    assert "width 8" in approvals
