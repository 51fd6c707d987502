import math
from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.sweep import Losses
from muscope.backend.analysis.verdict.findings import Finding, seeds_needed, with_cliff, with_sharpness
from muscope.backend.analysis.verdict.group_statistics import statistics_at
from muscope.backend.analysis.verdict.one_size import judge_size
from muscope.backend.analysis.verdict.rules import RULES, SEVERITY, Ends, Facts, first_rule
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.size import Size
from muscope.backend.domain.verdict.verdict import Estimate, Interval, Outcome, Reason, SharpnessSpread
from tests.backend.analysis.sweeps import parabolas

TRANSFERS = Finding(Outcome.TRANSFERS, "transfers", (Reason(code="a"),))
FINE_TUNE = Finding(Outcome.FINE_TUNE, "fine_tune", (Reason(code="b"),))


def test_a_proven_failure_weighs_more_than_what_is_not_known():
    assert max(Outcome, key=SEVERITY.__getitem__) is Outcome.DOES_NOT_TRANSFER


def _spread(level, growth_low=-1.0, seed_spread=0.01):
    interval = Interval(low=growth_low, high=2.0, level=0.9, method="student_t")
    growth = Estimate(value=(growth_low + 2) / 2, interval=interval)
    return SharpnessSpread(
        lr=0.1, level=level, growth=growth, seed_spread=seed_spread, edge_share=0.0, num_dropped=0
    )


@pytest.mark.parametrize(
    ("spread", "rule"),
    [
        (_spread(0.40), "transfers"),
        (_spread(0.41), "spread_level"),
        (_spread(0.1, growth_low=0.1), "spread_growth"),
        (_spread(0.1, growth_low=0.1, seed_spread=0.06), "transfers"),
        (_spread(0.1, growth_low=0.1, seed_spread=None), "transfers"),
    ],
)
def test_sharpness_that_drifts_apart_is_a_watch(spread, rule):
    found = with_sharpness(TRANSFERS, spread, Size(64, 3), Thresholds())

    assert (found.rule, found.outcome) == (rule, "transfers" if rule == "transfers" else "sharpness_drifts")


@pytest.mark.parametrize("spread", [None, _spread(None)])
def test_sharpness_that_cannot_be_compared_is_named(spread):
    found = with_sharpness(TRANSFERS, spread, Size(64, 3), Thresholds())

    assert found.outcome is Outcome.TRANSFERS
    assert found.reasons[-1] == Reason(code="sharpness_not_compared", params={"width": 64, "depth": 3})


def test_sharpness_changes_no_other_outcome():
    assert with_sharpness(FINE_TUNE, _spread(3.0), Size(64, 3), Thresholds()) == FINE_TUNE


@pytest.mark.parametrize(
    ("margin_next", "rule"),
    [(None, "transfers"), (0.5, "transfers"), (0.49, "cliff_nears"), (-1.0, "cliff_nears")],
)
def test_a_divergence_that_comes_close_with_size_is_a_watch(margin_next, rule):
    found = with_cliff(TRANSFERS, Size(64, 3), margin_next, Thresholds())

    assert (found.rule, found.outcome) == (rule, "transfers" if rule == "transfers" else "sharpness_drifts")


def test_a_divergence_that_comes_close_changes_no_other_outcome():
    assert with_cliff(FINE_TUNE, Size(64, 3), 0.0, Thresholds()) == FINE_TUNE


# At the largest size, one octave off, reuse loses almost half of the little that size brings.
HALF_LOST = parabolas(slope=-1 / 3, curvature=0.1, gain=0.06, noise=0.0005)


def test_a_third_of_the_benefit_lost_for_sure_is_a_failure_at_the_largest_size_only():
    as_last, as_other = (
        judge_size(HALF_LOST, 3, 4, Thresholds(), is_target=is_target).finding for is_target in (True, False)
    )

    assert (as_last.outcome, as_last.rule) == ("does_not_transfer", "benefit_lost")
    assert {why.code for why in as_last.reasons} == {"gain_loss"}
    assert (as_other.outcome, as_other.rule) == ("fine_tune", "fine_tune")


def test_a_size_that_is_not_the_last_one_of_its_plan_does_not_end_its_arm_by_the_benefit():
    longer = replace(HALF_LOST, sizes=(*HALF_LOST.sizes, Size(512, 3)), **_with_one_more(HALF_LOST))

    before, last = (statistics_at(sweep, Size(256, 3), Thresholds()) for sweep in (longer, HALF_LOST))

    assert (before.fails, last.fails) == (False, True)


def _with_one_more(sweep):
    """Return the fields of the sweep with a further size that was planned and not run."""
    losses = {
        loss: Losses(_padded(each.final, np.nan), _padded(each.initial, np.nan))
        for loss, each in sweep.losses.items()
    }
    is_run = _padded(sweep.is_measured, False)
    return {
        "losses": losses,
        "is_measured": is_run,
        "is_planned": is_run,
        "diverged_at": _padded(sweep.diverged_at, -1),
        "sharpness": _padded(sweep.sharpness, np.nan),
    }


def _padded(values, with_):
    return np.concatenate([values, np.full_like(values[:1], with_)])


def facts(**changed):
    """Return facts of a size with a cost of 1 to 2% and nothing else to say, changed as named."""
    known = Facts(
        is_base_learned=True,
        is_base_edge=False,
        has_interpolated=False,
        rate=0.0,
        margin=math.inf,
        regret=Ends(0.015, 0.01, 0.02),
        cost=Ends(0.015, 0.01, 0.02),
        cost_limit=0.02,
        gain_loss=Ends(0.1, 0.0, 0.2),
        lost_margin=-1.0,
        shift=Ends(0.0, -0.2, 0.2),
        has_target=True,
        has_reused=True,
        is_target_learned=True,
        is_target_edge=False,
        is_largest=True,
    )
    return known._replace(**changed)


LOST = {"gain_loss": Ends(0.5, 0.4, 0.6), "lost_margin": 0.01}
DEAR = {"regret": Ends(0.2, 0.101, 0.3), "cost": Ends(0.2, 0.101, 0.3)}
FAR = {"shift": Ends(-3.0, -3.5, -2.1)}
NAN = math.nan


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, "transfers"),
        ({"cost_limit": 0.0199}, "unresolved"),
        ({"cost_limit": 0.01}, "unresolved"),
        ({"cost_limit": 0.0099}, "fine_tune"),
        ({"cost": Ends(NAN, NAN, NAN)}, "unresolved"),
        ({"rate": 0.2}, "unstable"),
        ({"rate": 0.5}, "unstable"),
        ({"rate": 0.51}, "diverges"),
        ({"rate": 0.2, "cost_limit": 0.005}, "unstable"),
        ({"margin": 0.5}, "transfers"),
        ({"margin": 0.39}, "unstable"),
        (LOST, "transfers"),
        (LOST | {"cost_limit": 0.015}, "unresolved"),
        (LOST | {"cost_limit": 0.005}, "benefit_lost"),
        (LOST | {"cost_limit": 0.005, "is_largest": False}, "fine_tune"),
        (LOST | {"cost_limit": 0.005, "lost_margin": -0.01}, "fine_tune"),
        (FAR, "transfers"),
        (FAR | {"cost_limit": 0.015}, "unresolved"),
        (FAR | {"cost_limit": 0.005}, "shift_too_large"),
        ({"shift": Ends(3.0, 1.9, 4.1), "cost_limit": 0.005}, "fine_tune"),
        (DEAR, "regret_too_large"),
        (DEAR | {"is_target_edge": True}, "regret_too_large"),
        ({"regret": Ends(0.2, 0.101, 0.3)}, "transfers"),  # the extra training that decides is small
        ({"is_target_edge": True}, "target_at_edge"),
        ({"is_target_edge": True, "rate": 0.2}, "target_at_edge"),
        ({"has_reused": False}, "reused_not_run"),
        ({"is_target_learned": False}, "target_learned_nothing"),
        ({"is_base_edge": True, "rate": 1.0}, "base_at_edge"),
        ({"has_interpolated": True, "rate": 1.0}, "train_interpolates"),
        ({"is_base_learned": False, "is_base_edge": True}, "nothing_learned"),
    ],
)
def test_the_first_rule_that_applies_decides(changed, rule):
    index = int(first_rule(facts(**changed), Thresholds()))

    assert RULES[index].name == rule


@pytest.mark.parametrize(
    ("benefit", "limit"),
    [(0.0, 0.005), (0.05, 0.005), (0.10, 0.010), (0.20, 0.020), (0.90, 0.020)],
)
def test_the_limit_of_the_cost_is_a_tenth_of_the_benefit_between_a_half_and_two_percent(benefit, limit):
    assert Thresholds().cost_limit(benefit) == pytest.approx(limit)


@pytest.mark.parametrize(
    ("low", "high", "limit", "seeds"),
    [
        (0.02, 0.04, 0.025, 16),  # half of .01 must become .005
        (0.02, 0.04, 0.035, 16),
        (0.02, 0.04, 0.04, 0),  # within
        (0.02, 0.04, 0.0199, 0),  # beyond
        (0.02, 0.04, 0.03, math.inf),
    ],
)
def test_intervals_shrink_with_the_root_of_the_seeds(low, high, limit, seeds):
    interval = Interval(low=low, high=high, level=0.9, method="student_t")

    found = seeds_needed(Estimate(value=0.03, interval=interval), limit, given=4)

    assert found == pytest.approx(seeds)
