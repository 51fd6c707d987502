"""What no sweep may bring about, drawn at random: a crash, or a transfer that the evidence does not carry."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from muscope.backend.analysis.statistics.optimum import find_optimum
from muscope.backend.analysis.verdict.judge import DEFAULT_THRESHOLDS, judge
from muscope.backend.analysis.verdict.one_arm import judge_arm
from muscope.backend.analysis.verdict.preconditions import Terms
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import OF_TRAINING, Axis, Size
from muscope.backend.domain.verdict.verdict import Verdict
from tests.backend.analysis.sweeps import parabolas, planned_only, spec_of, sweep_of, with_diverged, without

pytestmark = pytest.mark.slow

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
def test_a_transfer_with_a_missing_run_is_none(indices):
    assert judged(without(parabolas(), *indices)).outcome == "inconclusive"


@given(st.lists(st.tuples(st.integers(1, 3), st.just(4), st.integers(0, 4)), max_size=12), st.integers(0, 4))
def test_a_divergence_at_the_reused_rate_of_the_largest_size_is_never_a_transfer(indices, seed):
    assert judged(with_diverged(parabolas(), (3, 4, seed), *indices)).outcome in {
        "fine_tune",
        "does_not_transfer",
    }


@given(st.integers(1, 2), st.sets(st.integers(0, 4)))
def test_a_majority_that_diverges_at_a_smaller_size_fails_and_a_minority_does_not_decide(size, seeds):
    arm = judged(with_diverged(parabolas(), *[(size, 4, seed) for seed in seeds]))

    assert arm.outcome == ("does_not_transfer" if len(seeds) > 2 else "transfers")


@given(st.integers(-6, 1), st.integers(1, 8))
def test_oracle_32_an_optimum_at_the_edge_is_never_a_transfer(first, count):
    """Oracle 32."""
    sweep = parabolas(lrs=tuple(2.0**e for e in range(first, first + count)))
    arm = judged(sweep, thresholds=Thresholds(min_lrs=1))

    base_is_inside = first <= -3 and first + count - 1 >= -1
    assert (arm.outcome == "transfers") is base_is_inside


AS_SIZE = {
    Axis.WIDTH: lambda extent: Size(extent, 3),
    Axis.DEPTH: lambda extent: Size(32, extent),
    Axis.BOTH: lambda extent: Size(extent, extent),
    # More training leaves the size as it is.
    **dict.fromkeys(OF_TRAINING, lambda _extent: Size(32, 3)),
}


@st.composite
def any_sweeps(draw):
    """Draw any sweep at all: wild, infinite, missing and unplanned values, all shapes and axes."""
    axis = draw(st.sampled_from(Axis))
    least, most = (2, 2) if axis in OF_TRAINING else (1, 4)
    widths = tuple(sorted(draw(st.sets(st.integers(1, 4096), min_size=least, max_size=most))))
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
    masks = hnp.arrays(np.bool_, shape, fill=st.just(True))
    by_size = draw(hnp.arrays(np.bool_, (shape[0], 1, 1)))
    return replace(
        sweep,
        sizes=tuple(AS_SIZE[axis](extent) for extent in widths),
        axis=axis,
        extents=tuple(map(float, widths)) if axis in OF_TRAINING else None,
        lr_factor=draw(st.sampled_from([0.5, 1.0, 8.0])) if axis in OF_TRAINING else 1.0,
        is_planned=draw(st.one_of(st.none(), masks, masks.map(lambda mask: mask & by_size))),
        base_index=0 if axis in OF_TRAINING else draw(st.integers(0, len(widths) - 1)),
        diverged_at=draw(hnp.arrays(np.int64, shape, elements=st.integers(-1, 3), fill=st.just(-1))),
        is_measured=draw(hnp.arrays(np.bool_, shape, fill=st.just(True))),
        sharpness=draw(hnp.arrays(np.float64, (*shape, measurements), elements=wild)),
        measurement_steps=np.arange(measurements) * 33,
        train_curves=lambda *_: curves,
    )


@given(st.lists(any_sweeps(), min_size=1, max_size=2), st.booleans())
def test_no_sweep_is_too_strange_to_be_judged(sweeps, is_interim):
    arms = {MUP: sweeps, NTP: sweeps}

    verdict = judge(spec_of(sweeps[0], *arms), Scenario.AS_GIVEN, arms, is_interim=is_interim)

    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    if verdict.outcome in CLAIMS:
        claimed = [sweep for sweep in sweeps if sweep.larger]
        assert claimed
        for sweep in claimed:
            assert_carries_a_claim(sweep)
    if verdict.outcome in CLAIMS - {"fine_tune"}:
        targets = {max(sweep.sizes[i] for i in sweep.larger) for sweep in sweeps if sweep.larger}
        judged_sizes = [size for size in verdict.arm.sizes if (size.width, size.depth) in targets]
        assert all(size.divergence_rate == 0 for size in judged_sizes)


CLAIMS = {"transfers", "sharpness_drifts", "fine_tune"}
STEADY = parabolas(num_seeds=4)


@given(hnp.arrays(np.bool_, (4, 9, 4), fill=st.just(True)), hnp.arrays(np.bool_, 4), st.booleans())
def test_a_claim_needs_runs_of_every_size_whatever_was_planned(mask, is_whole, is_interim):
    """Masks over a sweep that transfers when it is full."""
    sweep = planned_only(STEADY, mask & is_whole[:, None, None])

    arm = judge_arm(MUP, [sweep], Terms(is_interim=is_interim))

    if arm.outcome in CLAIMS:
        assert_carries_a_claim(sweep)


def assert_carries_a_claim(sweep):
    planned = np.ones_like(sweep.is_measured) if sweep.is_planned is None else sweep.is_planned
    for index in (sweep.base_index, *sweep.larger):
        assert planned[index].any()
        assert sweep.is_measured[index][planned[index]].all()
    for index in (sweep.base_index, sweep.larger[-1]):
        assert len(sweep.shared_seeds(index)) >= 3
        best = find_optimum(sweep.log2_lrs, sweep.seed_mean(sweep.deciding_loss, index))
        assert best is not None
        assert not best.is_edge
