"""The gate on slopes over widths, on made-up changes of known slopes, and what the verdict makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.measures.coordinate_check import check_coordinates, slope_over_widths
from muscope.backend.analysis.measures.expected_slopes import expected_slope
from muscope.backend.analysis.verdict.judge import DEFAULT_THRESHOLDS, judge
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.domain.spec.coordinates import CHECK_UPDATES, NUM_CHANGES, Part, component_of
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import RULE_VERSION, CheckState, Outcome
from tests.backend.analysis.sweeps import parabolas, spec_of

MUP, NTP, SP = Parametrization.MUP, Parametrization.NTP, Parametrization.SP
# What theory says, in the limit of large widths; a single number is for all parts but those named.
SLOPES = {MUP: {}, NTP: {Part.INPUT: -0.5, Part.HIDDEN: -0.5}, SP: {Part.OUTPUT: 1.0}}


def checked_sweep(arm=MUP, *, off=None, scatter=0.01, start=None, **options):
    """Return a sweep that transfers, with a check whose slopes are theory's, but for `off`: part -> slope."""
    sweep = parabolas(**options)
    num_widths, num_lrs, num_seeds = sweep.is_measured.shape
    generator = np.random.default_rng(0)
    x = np.log2(np.array(sweep.widths))[:, None, None]

    def powers(slope):
        noise = scatter * generator.standard_normal((num_widths, num_lrs, num_seeds))
        return 2.0 ** (slope * x + noise)

    changes = np.full((num_widths, num_lrs, num_seeds, NUM_CHANGES), np.nan)
    initial = np.full((num_widths, num_lrs, num_seeds, len(Part)), np.nan)
    slopes = SLOPES[arm] | (off or {})
    falls = {Part.OUTPUT: -0.5} if arm is MUP else {}
    for index, part in enumerate(Part):
        if part is not Part.LOGITS:
            initial[..., index] = powers((falls | (start or {})).get(part, 0.0))
            for t in CHECK_UPDATES:
                changes[..., component_of(part, t)] = powers(slopes.get(part, 0.0))
    return replace(sweep, coordinate_changes=changes, initial_activations=initial)


def check(sweep, arm=MUP, tuned_index=4, thresholds=DEFAULT_THRESHOLDS):
    return check_coordinates(sweep, arm, tuned_index, thresholds)


def verdict_of(sweep):
    return judge(spec_of(sweep, MUP), Scenario.AS_GIVEN, {MUP: [sweep]}, is_interim=False)


@pytest.mark.parametrize("arm", [MUP, NTP, SP])
def test_slopes_as_in_theory_pass(arm):
    assert check(checked_sweep(arm), arm).state is CheckState.PASSED


@pytest.mark.parametrize(
    ("slope", "state"),
    [
        (0.0, CheckState.PASSED),
        (0.09, CheckState.PASSED),
        (0.18, CheckState.WATCH),
        (-0.18, CheckState.WATCH),
        (0.3, CheckState.FAILED),
        (-0.3, CheckState.FAILED),
    ],
)
def test_a_hidden_slope_is_judged_by_its_distance_from_zero_under_mup(slope, state):
    assert check(checked_sweep(off={Part.HIDDEN: slope})).state is state


def test_noise_alone_never_fails():
    noisy = check(checked_sweep(off={Part.HIDDEN: 0.3}, scatter=0.6, num_seeds=3))

    assert noisy.state is not CheckState.FAILED


def test_initial_outputs_with_a_constant_bias_may_shrink_less_but_not_grow():
    biased = {Part.OUTPUT: -0.15}
    assert check(checked_sweep(start=biased)).state is CheckState.FAILED
    assert check(replace(checked_sweep(start=biased), has_constant_output=True)).state is CheckState.PASSED
    growing = replace(checked_sweep(start={Part.OUTPUT: 0.3}), has_constant_output=True)
    assert check(growing).state is CheckState.FAILED


def test_outputs_that_start_at_zero_are_judged_by_their_changes_alone():
    sweep = checked_sweep()
    sweep.initial_activations[..., list(Part).index(Part.OUTPUT)] = 0.0

    found = check(sweep)

    assert found.state is CheckState.PASSED
    states = {each.num_updates: each.state for each in found.slopes if each.part is Part.OUTPUT}
    assert states[0] is None
    assert states[2] is CheckState.PASSED


def test_initial_outputs_that_do_not_shrink_fail_mup():
    found = check(checked_sweep(start={Part.OUTPUT: 0.0}))

    failed = [(each.part, each.num_updates) for each in found.slopes if each.state is CheckState.FAILED]
    assert failed == [(Part.OUTPUT, 0)]


def test_the_first_update_is_shown_but_not_judged():
    states = {each.num_updates: each.state for each in check(checked_sweep()).slopes}

    assert states[1] is None
    assert states[0] is states[2] is states[3] is CheckState.PASSED


def test_one_arms_slopes_fail_for_another():
    assert check(checked_sweep(SP), MUP).state is CheckState.FAILED
    assert check(checked_sweep(NTP), MUP).state is CheckState.FAILED
    assert check(checked_sweep(MUP), NTP).state is CheckState.FAILED
    assert check(checked_sweep(MUP), SP).state is CheckState.FAILED


def test_depth_rules_are_mup_by_width():
    for arm in (Parametrization.DEPTH_MUP, Parametrization.COMPLETEP):
        for part in Part:
            assert expected_slope(arm, part, 3) == expected_slope(MUP, part, 3)


def test_an_lr_two_octaves_below_the_tuned_one_is_judged():
    found = check(checked_sweep(), tuned_index=5)

    assert (found.lr_index, found.lr) == (3, 2.0**-3)
    assert check(checked_sweep(), tuned_index=1).lr_index == 0
    assert check(checked_sweep(), tuned_index=None).lr_index == 2


def test_what_overflows_fails():
    sweep = checked_sweep()
    sweep.coordinate_changes[3, 2, :, component_of(Part.OUTPUT, 3)] = np.inf

    assert check(sweep).state is CheckState.FAILED


@pytest.mark.parametrize("options", [{"widths": (32, 64, 128)}, {"num_seeds": 2}])
def test_too_few_widths_or_seeds_are_not_judged(options):
    found = check(checked_sweep(off={Part.HIDDEN: 1.0}, **options))

    assert found.state is CheckState.NOT_ENOUGH
    assert found.slopes == ()


def test_widths_that_are_still_to_come_are_left_out():
    sweep = checked_sweep(widths=(16, 32, 64, 128, 256))
    sweep.initial_activations[4] = np.nan

    assert check(sweep).widths == (16, 32, 64, 128)


def test_a_slope_is_exact_on_a_power_law():
    x = np.array([5.0, 6.0, 7.0, 8.0])

    found = slope_over_widths(x, 2.0 ** (-0.5 * x)[:, None] * np.array([1.0, 2.0, 3.0]), 0.9)

    assert found.value == pytest.approx(-0.5)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((-0.5, -0.5))


def test_a_failing_check_forbids_an_answer():
    sweep = checked_sweep(off={Part.HIDDEN: 0.5})

    verdict = verdict_of(sweep)

    assert judge_arm(MUP, [parabolas()], Terms()).outcome is Outcome.TRANSFERS
    assert (verdict.outcome, verdict.rule) == (Outcome.INCONCLUSIVE, "coordinate_check")
    assert next((why.code, why.params["part"]) for why in verdict.reasons) == (
        "coordinate_check_failed",
        "hidden.change",
    )
    assert verdict.reasons[0].params["slope"] == pytest.approx(0.5, abs=0.05)
    assert verdict.reasons[0].params["expected"] == 0.0


def test_too_few_seeds_are_said_before_the_check():
    verdict = verdict_of(checked_sweep(off={Part.HIDDEN: 0.5}, num_seeds=2))

    assert verdict.rule == "too_few_seeds"


def test_a_doubtful_check_is_said_and_changes_nothing():
    verdict = verdict_of(checked_sweep(off={Part.HIDDEN: 0.18}))

    assert verdict.outcome is Outcome.TRANSFERS
    assert "coordinate_check_watch" in {why.code for why in verdict.reasons}


def test_what_is_not_claimed_follows_what_was_checked():
    def said(sweep):
        codes = {why.code for why in verdict_of(sweep).ranges.not_claimed}
        return {code for code in codes if code.startswith("coordinate")}

    assert said(checked_sweep()) == set()
    assert said(parabolas()) == {"coordinate_check_not_measured"}
    assert said(checked_sweep(num_seeds=2)) == {"coordinate_check_not_enough"}


def test_limits_are_thresholds():
    strict = Thresholds(check_fails=0.15)

    assert check(checked_sweep(off={Part.HIDDEN: 0.18}), thresholds=strict).state is CheckState.FAILED


def test_rules_that_may_answer_differently_have_another_version():
    assert RULE_VERSION != "1"
