"""What no sweep may bring about, drawn at random: a crash, or a transfer that the evidence does not carry."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backend.analysis.arms import judge_arm
from backend.analysis.gates import Terms
from backend.analysis.verdict import DEFAULT_THRESHOLDS, judge
from backend.domain.metrics import Metric
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario
from backend.domain.thresholds import Thresholds
from backend.domain.verdict import Verdict
from tests.backend.analysis.sweeps import parabolas, spec_of, sweep_of, with_diverged, without

MUP, NTP = Parametrization.MUP, Parametrization.NTP
TRAIN, VAL = Metric.TRAIN_LOSS, Metric.VAL_LOSS


def judged(sweep, *, thresholds=DEFAULT_THRESHOLDS):
    return judge_arm(MUP, [sweep], Terms(thresholds))


@pytest.mark.parametrize("random_seed", range(5))
def test_more_noise_never_turns_doubt_into_a_transfer(random_seed):
    levels = [0.0, 0.005, 0.02, 0.08, 0.3, 1.0]
    sweeps = [parabolas(slope=0.2, noise=noise, random_seed=random_seed) for noise in levels]

    transfers = [judged(sweep).outcome == "transfers" for sweep in sweeps]

    assert transfers == sorted(transfers, reverse=True)
    assert not transfers[-1]


PLACES = st.tuples(st.integers(0, 3), st.integers(0, 8), st.integers(0, 4))


@given(st.lists(PLACES, min_size=1, max_size=12))
def test_a_transfer_with_a_missing_run_is_none(places):
    assert judged(without(parabolas(), *places)).outcome == "inconclusive"


@given(st.lists(st.tuples(st.integers(1, 3), st.just(4), st.integers(0, 4)), min_size=1, max_size=12))
def test_a_divergence_at_the_reused_rate_is_never_a_transfer(places):
    assert judged(with_diverged(parabolas(), *places)).outcome != "transfers"


@given(st.integers(-6, 1), st.integers(1, 8))
def test_oracle_32_an_optimum_at_the_edge_is_never_a_transfer(first, count):
    """Oracle 32."""
    sweep = parabolas(lrs=tuple(2.0**e for e in range(first, first + count)))
    arm = judged(sweep, thresholds=Thresholds(min_lrs=1))

    base_is_inside = first <= -3 and first + count - 1 >= -1
    assert (arm.outcome == "transfers") is base_is_inside


@st.composite
def any_sweeps(draw):
    """Draw any sweep at all: extreme, negative, infinite and missing values, all shapes."""
    widths = tuple(sorted(draw(st.sets(st.integers(1, 4096), min_size=1, max_size=4))))
    powers = sorted(draw(st.sets(st.integers(-30, 15), min_size=1, max_size=8)))
    shape = (len(widths), len(powers), draw(st.integers(1, 6)))
    wild = st.floats(width=32, allow_nan=True, allow_infinity=True)
    values = draw(st.sampled_from([wild, st.floats(0.0625, 4, width=32), st.sampled_from([0.0, 1.0])]))
    arrays = hnp.arrays(np.float64, shape, elements=values, fill=st.just(1.0))
    measurements = draw(st.integers(0, 4))
    sweep = sweep_of(
        {TRAIN: draw(arrays), VAL: draw(arrays)}, widths=widths, lrs=tuple(2.0**p for p in powers)
    )
    curves = draw(hnp.arrays(np.float64, (draw(st.integers(0, 40)), shape[2]), elements=wild))
    return replace(
        sweep,
        base_index=draw(st.integers(0, len(widths) - 1)),
        diverged_at=draw(hnp.arrays(np.int64, shape, elements=st.integers(-1, 3), fill=st.just(-1))),
        is_measured=draw(hnp.arrays(np.bool_, shape, fill=st.just(True))),
        sharpness=draw(hnp.arrays(np.float64, (*shape, measurements), elements=wild)),
        measurement_steps=np.arange(measurements) * 33,
        train_curves=lambda *_: curves,
    )


@given(any_sweeps(), st.booleans())
def test_no_sweep_is_too_strange_to_be_judged(sweep, is_interim):
    arms = {MUP: [sweep], NTP: [sweep]}

    verdict = judge(spec_of(sweep, *arms), Scenario.AS_GIVEN, arms, is_interim=is_interim)

    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    if verdict.outcome in {"transfers", "sharpness_drifts"}:
        larger = [i for i, width in enumerate(sweep.widths) if width >= sweep.widths[sweep.base_index]]
        assert sweep.num_seeds >= 3
        assert sweep.is_measured[larger].all()
        assert not any(loss.is_edge for size in verdict.arm.sizes for loss in size.losses)
        assert all(size.divergence_rate == 0 for size in verdict.arm.sizes)
