"""The card and what is behind it: axes, trust, earlier rules, the outlook, stages; with and without each."""

from __future__ import annotations

import pytest
from playwright.sync_api import Response, expect

from muscope.backend.catalogue import LANGUAGES, text
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.outlook import (
    Basis,
    EarlyAnswer,
    Extrapolation,
    Horizon,
    HorizonTrend,
    NarrowSweep,
    Outlook,
    Recommendation,
    Reliability,
    RolloutStep,
    RolloutStepName,
    RolloutStepState,
    SafeRange,
    Tally,
    TrackRecord,
)
from muscope.backend.domain.verdict.statement import Estimate, Interval, Outcome, Reason
from tests.browser.verdicts import finish, open_why, say, with_changes, with_verdict

pytestmark = [pytest.mark.browser, pytest.mark.system, pytest.mark.slow]
SLOW = 30_000
TARGET = Size(width=256, depth=2)
RANGE = Interval(low=0.05, high=0.2, level=0.9, method="student_t")
SHIFT = Estimate(value=-0.5, interval=Interval(low=-0.8, high=-0.2, level=0.9, method="student_t"))
RECOMMENDATION = Recommendation(
    target=TARGET,
    lr=0.1,
    lr_interval=RANGE,
    safe_range=SafeRange(lr_high=0.4, is_border_seen=True, headroom=4, lr_diverged=0.57),
    narrow_sweep=NarrowSweep(lrs=(0.07, 0.1, 0.14), num_seeds=3, num_runs=9, num_steps=40, seconds=600),
    gates=(
        RolloutStep(name=RolloutStepName.POC, state=RolloutStepState.PASSED),
        RolloutStep(
            name=RolloutStepName.PILOT,
            state=RolloutStepState.NEXT,
            checks=(Reason(code="other_batch", params={"batch_size": 64}),),
        ),
    ),
)
RELIABILITY = Reliability(
    record=TrackRecord(
        rule_version="4",
        date="2026-11-24",
        max_doublings=3,
        held={Outcome.TRANSFERS: Tally(count=57, of=60)},
        false_transfers=Tally(count=0, of=59),
    ),
    is_same_rules=True,
    chance=0.95,
    interval=Interval(low=0.88, high=0.98, level=0.9, method="clopper_pearson"),
    error_bound=0.05,
)
OUTLOOK = Outlook(
    horizon=Horizon(
        is_available=True,
        loss=Metric.VAL_LOSS,
        trends=(HorizonTrend(size=Size(width=16, depth=2), per_doubling=SHIFT, points=()),),
    ),
    extrapolation=Extrapolation(
        target=TARGET,
        claim=Basis.EXTRAPOLATED,
        doublings=4,
        lr=Estimate(value=0.1, interval=RANGE),
        lr_shift=SHIFT,
    ),
    reliability=RELIABILITY,
    recommendation=RECOMMENDATION,
)
EARLY = EarlyAnswer(
    outcome=Outcome.FINE_TUNE,
    confidence=0.72,
    at_step=20,
    num_steps=40,
    sizes=(Size(width=8, depth=2), Size(width=16, depth=2)),
    num_sizes=3,
    would_change=(Reason(code="provisional", params={"given": 3, "needed": 5}),),
)


@pytest.mark.parametrize("language", ["ja"])
def test_width_and_depth_are_answered_apart(visit, instance, language):
    page = visit(language).open(f"/experiments/{finish(instance, depths=[1, 2])}")

    axes = page.locator("#axes .axis")
    expect(axes).to_have_count(3)
    expect(axes.nth(1)).to_contain_text(say("axis.depth", language))
    open_why(page, language)
    expect(page.locator("#why thead").first).to_contain_text(say("why.head.size", language))


def test_one_direction_of_growth_needs_no_words(visit, plain):
    page = visit().open(f"/experiments/{plain}")

    expect(page.locator("#verdict")).to_be_visible()
    expect(page.locator("#axes")).to_have_count(0)


@pytest.mark.parametrize("language", ["ja"])
def test_what_was_fixed_and_how_intervals_are_made_is_said(visit, instance, plain, language):
    sha256 = instance.get(f"/experiments/{plain}")["spec_sha256"][:12]
    page = visit(language).open(f"/experiments/{plain}")

    open_why(page, language)

    trust = page.locator("#trust")
    expect(trust).to_contain_text(sha256)
    expect(trust).to_contain_text(say("interval.student_t", language))


@pytest.mark.parametrize("language", ["ja"])
def test_an_answer_of_earlier_rules_is_marked_and_can_be_judged_again(visit, plain, language):
    made = visit(language)
    with_changes(made.page, plain, is_judged_by_old_rules=True, rule_version="1")
    page = made.open(f"/experiments/{plain}")
    expect(page.locator("[data-mark=old_rules]")).to_have_text(say("verdict.mark.old_rules", language))
    open_why(page, language)
    page.unroute_all()

    with page.expect_response(is_judging) as posted:
        page.get_by_role("button", name=say("judge_again.button", language)).click()

    assert posted.value.status == 200
    expect(page.locator("[data-mark=old_rules]")).to_have_count(0, timeout=SLOW)
    expect(page.locator("#why[open]")).to_be_visible()


def is_judging(reply: Response) -> bool:
    return reply.request.method == "POST" and reply.url.endswith("/verdicts")


def test_the_list_marks_answers_of_earlier_rules_and_offers_the_same(visit, instance, plain):
    old = instance.get(f"/experiments/{plain}") | {"is_judged_by_old_rules": True, "rule_version": "1"}
    made = visit()
    made.page.route(
        "**/api/v1/experiments?*",
        lambda route: route.fulfill(json={"items": [old], "total": 1, "next": None}),
    )
    page = made.open("/")
    entry = page.locator(".list li").first
    expect(entry.locator("[data-mark=old_rules]")).to_be_visible()
    page.unroute_all()

    with page.expect_response(is_judging):
        entry.get_by_role("button", name=say("judge_again.button")).click()

    expect(page.locator("[data-mark=old_rules]")).to_have_count(0, timeout=SLOW)
    expect(page.locator(".list li a").first).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_lies_beyond_the_tests_is_told_from_what_was_measured(visit, plain, language):
    made = visit(language)
    outcome = {"outcome": "transfers", "rule": "transfers", "open": None, "outlook": OUTLOOK}
    with_verdict(made.page, plain, **outcome)
    page = made.open(f"/experiments/{plain}")

    expect(page.locator(".verdict-lr")).to_contain_text("0.1")
    expect(page.locator(".next-facts")).to_contain_text("256")
    expect(page.locator(".next-facts")).to_contain_text(say("next.border.seen", language, lr="0.57"))
    expect(page.locator("[data-range=extrapolated]")).to_contain_text("256")
    expect(page.locator("[data-range=ranges]")).not_to_contain_text("256")
    expect(page.locator("#gate summary")).to_contain_text(say("gate.name.pilot", language))
    open_why(page, language)
    expect(page.locator("#trust")).to_contain_text("2026-11-24")
    assert "ui." not in page.locator("#verdict").inner_text()


@pytest.mark.parametrize("language", ["ja"])
def test_what_the_study_found_is_said_once_and_only_of_what_is_recommended(visit, plain, language):
    made = visit(language)
    bound = Reason(code="error_bound", params={"wrong": 0, "of": 59, "bound": 5.0, "date": "2026-11-24"})
    changes = {
        "reliability": RELIABILITY.model_copy(update={"reasons": (bound,)}),
        "recommendation": RECOMMENDATION.model_copy(update={"lr": None, "narrow_sweep": None}),
    }
    outlook = OUTLOOK.model_copy(update=changes)
    with_verdict(made.page, plain, outcome="inconclusive", rule="no_gain", outlook=outlook)
    page = made.open(f"/experiments/{plain}")

    expect(page.locator(".next-facts")).not_to_contain_text(say("next.chance", language))
    open_why(page, language)
    assert page.locator("#trust").inner_text().count("2026-11-24") == 1


def test_octaves_have_two_decimals_whatever_their_size(visit, instance, plain):
    arm = instance.get(f"/experiments/{plain}/verdict")["arm"]
    interval = {"low": -1.3199, "high": 1.3191, "level": 0.9, "method": "student_t"}
    slope = {"value": -0.000399, "interval": interval}
    made = visit()
    with_verdict(made.page, plain, arm=arm | {"lr_slope": slope})
    page = made.open(f"/experiments/{plain}")

    open_why(page)

    expect(page.locator("#why")).to_contain_text("0.00 [-1.32, 1.32] octaves")


@pytest.mark.parametrize("language", ["ja"])
def test_a_running_experiment_says_what_it_will_probably_be_and_how_sure_that_is(visit, plain, language):
    made = visit(language)
    interim = {"is_interim": True, "outcome": "inconclusive", "rule": "runs_pending", "early": EARLY}
    with_verdict(made.page, plain, **interim)
    page = made.open(f"/experiments/{plain}")

    early = page.locator("#early")
    expect(early).to_contain_text(text("ui.outcome.short.fine_tune", language))
    expect(early).to_contain_text("72%")
    early.get_by_text(say("early.would_change", language)).click()
    expect(early.locator("li")).to_contain_text("5")


def test_stages_say_what_was_run_and_what_was_not_needed(visit, instance):
    """At LRs that are all too small the base's optimum is at the edge: larger sizes can change nothing."""
    staged = finish(instance, protocol="staged", lrs=[0.0001, 0.0002, 0.0004])
    page = visit().open(f"/experiments/{staged}")

    page.get_by_text(say("stages.title")).click()

    rows = page.locator("#stages tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("[data-part=done]").first).to_be_visible()
    expect(rows.nth(1)).to_contain_text(say("stages.not_needed"))
    expect(page.locator("#stages")).to_contain_text(say("stages.ended"))


def test_the_table_of_runs_has_the_final_losses_of_the_verdict(visit, instance):
    """With several measurements in the tail, the last one is not their mean."""
    measured_often = finish(instance, tail_fraction=0.5, measure_every=5)
    runs = instance.get(f"/experiments/{measured_often}/runs")["items"]
    losses = [run["summaries"]["val_loss"] for run in runs if run["state"] == "completed"]
    finals = [loss["final"] for loss in losses]
    assert finals != [loss["tail_mean"] for loss in losses]
    page = visit().open(f"/experiments/{measured_often}/runs")

    rows = page.locator("#runs tbody tr:not(.is-diverged)")
    expect(rows).to_have_count(len(finals))
    shown = [float(text) for text in rows.locator("[data-column=val_loss]").all_inner_texts()]
    assert shown == [pytest.approx(final, rel=0.005) for final in finals]
