"""What no headline may do, drawn at random: contradict the numbers that stand below it."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muscope.backend.analysis.verdict.judge import judge
from muscope.backend.domain.spec.judging.decision import CostUnit
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import BenefitState, ControlState, DecidingNumber, Outcome, Within
from tests.backend.analysis.sweeps import known, parabolas, spec_of, with_diverged, without

pytestmark = pytest.mark.slow

MUP, SP = Parametrization.MUP, Parametrization.SP
# Rules that look at the cost alone.
BY_COST = {"fine_tune", "unresolved", "regret_too_large", "benefit_lost", "shift_too_large"}
REUSABLE = {Outcome.TRANSFERS, Outcome.SHARPNESS_DRIFTS}
LRS = tuple(2.0**e for e in range(-5, 2))
WIDTHS = (32, 128, 256)
INDICES = st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(0, 2))


@st.composite
def any_evidence(draw):
    """Draw a small sweep: a moving or still optimum, noise, divergences, missing runs, any benefit."""
    sweep = parabolas(
        slope=draw(st.sampled_from((0.0, 0.1, 0.25, 0.4, -0.8))),
        noise=draw(st.sampled_from((0.0, 0.001, 0.01, 0.05, 0.2))),
        gain=draw(st.sampled_from((-0.1, 0.0, 0.001, 0.05, 0.2))),
        curvature=draw(st.sampled_from((0.001, 0.05, 0.2))),
        num_seeds=draw(st.sampled_from((3, 4, 5, 2))),
        widths=WIDTHS,
        lrs=LRS,
        random_seed=draw(st.integers(0, 99)),
    )
    seeds = sweep.num_seeds
    spread = draw(st.sampled_from((1.0, 1.2, 3.0)))
    factors = spread ** np.arange(len(WIDTHS))[:, None, None, None]
    sweep = replace(sweep, sharpness=sweep.sharpness * factors)
    diverging = draw(st.lists(INDICES, max_size=2)) if draw(st.booleans()) else []
    from_lr = draw(st.integers(4, 7))
    diverging += [(w, lr, s) for w in range(3) for lr in range(from_lr, 7) for s in range(seeds)]
    sweep = with_diverged(sweep, *((w, lr, s % seeds) for w, lr, s in diverging))
    missing = draw(st.lists(INDICES, min_size=1, max_size=2)) if draw(st.integers(0, 9)) == 9 else []
    return without(sweep, *((w, lr, s % seeds) for w, lr, s in missing))


def verdict_on(sweep, control=None):
    arms = {MUP: [sweep]} | ({} if control is None else {SP: [control]})
    return judge(spec_of(sweep, *arms), Scenario.AS_GIVEN, arms, is_interim=False)


def deciding_loss_of(verdict):
    """Return the statistics of the deciding size on the deciding loss."""
    deciding = verdict.deciding
    size = next(s for s in verdict.arm.sizes if (s.width, s.depth) == (deciding.width, deciding.depth))
    return size, size.losses[0]


@given(any_evidence())
@settings(max_examples=150)
def test_a_headline_never_contradicts_the_number_that_decides(sweep):
    verdict = verdict_on(sweep)
    within = verdict.deciding.within if verdict.deciding else None

    if verdict.outcome in REUSABLE:
        assert within is Within.YES
    if verdict.outcome is Outcome.FINE_TUNE:
        assert within is Within.NO or verdict.rule == "unstable"
    if verdict.rule == "unresolved":
        assert within in {Within.UNSURE, None}
    if verdict.outcome is Outcome.DOES_NOT_TRANSFER:
        assert within is Within.NO or verdict.rule == "diverges"
    if within is Within.YES:
        assert verdict.outcome in REUSABLE or verdict.rule not in BY_COST


@given(any_evidence())
@settings(max_examples=150)
def test_a_rule_that_says_unstable_has_a_divergence_to_show(sweep):
    verdict = verdict_on(sweep)

    if verdict.rule == "unstable":
        size, _ = deciding_loss_of(verdict)
        margin = verdict.thresholds.min_margin
        assert (size.divergence_rate or 0.0) > 0 or known(size.lr_margin) < margin


@given(any_evidence())
@settings(max_examples=150)
def test_the_distance_to_divergence_decides_only_where_it_was_measured_to_be_too_short(sweep):
    verdict = verdict_on(sweep)
    if verdict.deciding is None:
        return

    if verdict.outcome is Outcome.INCONCLUSIVE and verdict.rule != "unresolved":
        assert verdict.deciding.number is None
    is_by_cliff = verdict.deciding.number is DecidingNumber.CLIFF
    assert is_by_cliff is (verdict.rule in {"unstable", "diverges"})
    if is_by_cliff:
        size, _ = deciding_loss_of(verdict)
        cliff = known(size.cliff)
        assert cliff.is_measured
        assert known(cliff.diverging) < verdict.thresholds.min_margin


@given(any_evidence())
@settings(max_examples=150)
def test_the_deciding_number_is_the_one_of_its_size_and_loss(sweep):
    verdict = verdict_on(sweep)

    if verdict.deciding is not None:
        _, loss = deciding_loss_of(verdict)
        assert verdict.deciding.loss is loss.loss
        assert verdict.deciding.unit is CostUnit.SHARE
        assert verdict.deciding.cost == loss.transfer_regret
        assert (verdict.deciding.within is None) is (verdict.deciding.cost.interval is None)


@given(any_evidence())
@settings(max_examples=150)
def test_no_benefit_is_claimed_only_where_its_whole_interval_is_too_small_to_count(sweep):
    verdict = verdict_on(sweep)

    if verdict.benefit is not None:
        _, loss = deciding_loss_of(verdict)
        interval = known(loss.benefit.interval)
        if verdict.benefit is BenefitState.NONE and interval.high > 0:
            share = interval.high / known(loss.benefit.value) * known(loss.benefit_share)
            assert share <= verdict.thresholds.least_regret
        assert (verdict.benefit is BenefitState.CLEAR) <= (interval.low > 0)


@given(any_evidence(), any_evidence())
@settings(max_examples=100)
def test_the_control_differs_only_where_it_was_shown_to_be_worse(sweep, control):
    verdict = verdict_on(sweep, control)

    assert (verdict.can_discriminate is True) is (verdict.control_state is ControlState.WORSE)
    if verdict.control_state is ControlState.SAME:
        assert known(verdict.control).outcome in REUSABLE


@given(any_evidence())
@settings(max_examples=150)
def test_an_open_answer_is_settled_by_seeds_only_where_its_cost_is_open(sweep):
    verdict = verdict_on(sweep)

    assert (verdict.open is not None) is (verdict.outcome is Outcome.INCONCLUSIVE)
    if verdict.open is not None and verdict.open.can_settle:
        assert verdict.rule == "unresolved"
    if verdict.open is not None and verdict.rule == "unresolved" and verdict.deciding.cost.value is not None:
        cost, limit = verdict.deciding.cost.value, verdict.deciding.limit
        assert (verdict.open.likely is Outcome.TRANSFERS) is (cost <= limit)


def test_the_evidence_drawn_has_every_outcome():
    """That the properties above are about something."""
    drawn = partial(parabolas, widths=WIDTHS, lrs=LRS)
    found = {
        verdict_on(drawn(noise=0.001)).outcome,
        verdict_on(drawn(noise=0.001, slope=0.2)).outcome,
        verdict_on(drawn(noise=0.001, slope=-0.8)).outcome,
        verdict_on(drawn(noise=0.05, slope=0.2, num_seeds=3)).outcome,
    }

    assert found == set(Outcome) - {Outcome.SHARPNESS_DRIFTS}
