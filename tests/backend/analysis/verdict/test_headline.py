"""Parts of the headline: what decides, what is open, what size brings, what the control shows, and beyond."""

import math
from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.verdict.headline import within
from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import Estimate, Interval
from tests.backend.analysis.sweeps import known, parabolas, spec_of, unresolved, with_diverged, with_finals

MUP, NTP, SP = Parametrization.MUP, Parametrization.NTP, Parametrization.SP
VAL, TRAIN = Metric.VAL_LOSS, Metric.TRAIN_LOSS
CHEAP, DEAR = parabolas(), parabolas(slope=-0.5, curvature=0.05, noise=0.001)


def verdict_of(sweep, **controls):
    arms = {MUP: [sweep]} | {Parametrization(name): [control] for name, control in controls.items()}
    return judge(spec_of(sweep, *arms), Scenario.AS_GIVEN, arms, is_interim=False)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.0, 0.01, "yes"), (0.0, 0.011, "unsure"), (0.01, 0.02, "unsure"), (0.011, 0.02, "no")],
)
def test_an_estimate_is_within_its_limit_if_its_whole_interval_is(low, high, expected):
    interval = Interval(low=low, high=high, level=0.9, method="student_t")

    assert within(Estimate(value=low, interval=interval), 0.01) == expected
    assert within(Estimate(value=low), 0.01) is None


@pytest.mark.parametrize(("sweep", "expected"), [(CHEAP, "yes"), (unresolved(), "unsure"), (DEAR, "no")])
def test_what_decides_is_the_cost_of_the_target_against_its_limit(sweep, expected):
    verdict = verdict_of(sweep)

    found, target = known(verdict.deciding), verdict.arm.sizes[-1].losses[0]
    assert (found.width, found.loss, found.unit) == (256, VAL, CostUnit.SHARE)
    assert (found.cost, found.limit, found.within) == (target.transfer_regret, target.cost_limit, expected)


def test_what_decides_is_named_at_the_smaller_size_that_fails():
    final = CHEAP.losses[VAL].final.copy()
    final[2] = parabolas(slope=-2.0).losses[VAL].final[2]

    verdict = verdict_of(with_finals(with_finals(CHEAP, VAL, final), TRAIN, final))

    assert (verdict.outcome, known(verdict.deciding).width) == ("does_not_transfer", 128)


def test_the_limit_is_a_tenth_of_the_benefit_that_is_sure():
    target = verdict_of(CHEAP).arm.sizes[-1].losses[0]

    losses = CHEAP.judged(VAL).mean(axis=2)
    best_of_base, best = losses[0].min(), losses[-1].min()
    assert target.benefit_share == pytest.approx((best_of_base - best) / (2.3 - best))
    sure = known(target.benefit.interval).low / (2.3 - best)
    assert target.cost_limit == pytest.approx(0.1 * sure)


def test_an_open_answer_says_what_is_likely_and_what_would_settle_it():
    below = known(verdict_of(unresolved(5)).open)
    above = known(verdict_of(unresolved(4)).open)

    assert (below.likely, below.can_settle) == ("transfers", True)
    assert (above.likely, above.can_settle) == ("fine_tune", True)
    assert known(above.more_seeds) > 0


def test_an_open_answer_at_its_limit_is_not_settled_by_seeds():
    sweep = parabolas(slope=-0.5, curvature=0.027, noise=0.02, num_seeds=24)

    verdict = verdict_of(sweep)

    assert (verdict.rule, known(verdict.deciding).within) == ("unresolved", "unsure")
    assert (known(verdict.open).more_seeds, known(verdict.open).can_settle) == (None, False)


@pytest.mark.parametrize("sweep", [CHEAP, DEAR])
def test_a_decided_answer_leaves_nothing_open(sweep):
    assert verdict_of(sweep).open is None


@pytest.mark.parametrize("sweep", [parabolas(num_seeds=2), parabolas(widths=(32,)), parabolas(slope=2.0)])
def test_what_seeds_do_not_settle_cannot_be_settled(sweep):
    verdict = verdict_of(sweep)

    assert verdict.outcome != "inconclusive" or not known(verdict.open).can_settle


@pytest.mark.parametrize(
    ("gain", "noise", "expected"),
    [(0.2, 0.01, "clear"), (0.0, 0.0005, "none"), (0.0, 0.05, "unsure"), (-0.2, 0.01, "none")],
)
def test_the_benefit_of_size_is_said_apart_from_the_answer(gain, noise, expected):
    assert verdict_of(parabolas(gain=gain, noise=noise, random_seed=2)).benefit == expected


@pytest.mark.parametrize(
    ("control", "state"),
    [
        (parabolas(slope=-1.0), "worse"),
        (parabolas(slope=-0.3, noise=0.001), "worse"),  # it only costs more
        (with_diverged(CHEAP, *[(3, 4, seed) for seed in range(3)]), "worse"),
        (parabolas(random_seed=5), "same"),
        (parabolas(slope=-0.3, noise=0.05), "unsure"),
    ],
)
def test_the_control_differs_if_its_cost_is_shown_to_be_larger(control, state):
    verdict = verdict_of(CHEAP, ntp=control)

    assert verdict.control_state == state
    assert verdict.can_discriminate is {"worse": True, "same": False, "unsure": None}[state]


@pytest.mark.parametrize(
    ("control", "rule"),
    [
        (parabolas(slope=-2.0, lrs=tuple(2.0**e for e in range(-11, -2))), "base_at_edge"),
        (parabolas(slope=-1.0, num_seeds=2), "too_few_seeds"),
        (with_diverged(CHEAP, *np.ndindex(4, 9, 5)), "nothing_learned"),
    ],
)
def test_a_control_whose_rate_is_not_tuned_shows_nothing_whatever_it_costs(control, rule):
    verdict = verdict_of(CHEAP, ntp=control)

    assert known(verdict.control).rule == rule
    assert (verdict.control_state, verdict.can_discriminate) == ("unsure", None)


def test_of_two_controls_the_one_that_differs_is_shown():
    verdict = verdict_of(CHEAP, ntp=CHEAP, sp=parabolas(slope=-1.0))
    usual = verdict_of(CHEAP, ntp=CHEAP, sp=CHEAP)

    assert (known(verdict.control).parametrization, verdict.control_state) == (SP, "worse")
    assert (known(usual.control).parametrization, usual.control_state) == (NTP, "same")


def test_without_a_control_nothing_is_said_of_one():
    verdict = verdict_of(CHEAP)

    assert (verdict.control, verdict.control_state, verdict.can_discriminate) == (None, None, None)


def test_the_cost_one_doubling_beyond_follows_the_trend_over_sizes():
    """The cost is zero at the base and at 64 and 128, and ρ at 256: the slope is 3ρ/10 per doubling."""
    verdict = verdict_of(parabolas(slope=-0.3, noise=0.0005, curvature=0.06))

    found, cost = known(verdict.beyond), known(verdict.deciding).cost
    assert [size.losses[0].transfer_regret.value for size in verdict.arm.sizes[:2]] == [0.0, 0.0]
    assert found.cost.value == pytest.approx(1.3 * known(cost.value))
    assert known(found.cost.interval).high == pytest.approx(
        known(cost.interval).high + 0.3 * known(cost.value)
    )
    assert (found.doublings, found.holds) == (1.0, True)


def test_a_cost_that_grows_beyond_its_limit_holds_no_further():
    verdict = verdict_of(parabolas(slope=-0.3, noise=0.0005, curvature=0.11))

    assert verdict.outcome == "transfers"
    assert known(known(verdict.beyond).cost.interval).high > known(verdict.deciding).limit
    assert known(verdict.beyond).holds is False


def test_a_border_of_divergence_that_comes_close_holds_no_further():
    places = [(w, e, 0) for w, border in enumerate([8, 8, 7, 5]) for e in range(border, 9)]

    assert known(verdict_of(with_diverged(CHEAP, *places)).beyond).holds is False


@pytest.mark.parametrize("sweep", [DEAR, unresolved(), parabolas(slope=-1.0)])
def test_what_does_not_transfer_here_is_not_said_to_transfer_beyond(sweep):
    assert known(verdict_of(sweep).beyond).holds is False


def test_without_a_cost_there_is_nothing_to_extend():
    verdict = verdict_of(replace(parabolas(num_seeds=1)))

    assert verdict.beyond is None
    assert math.isfinite(known(verdict.deciding).limit)
