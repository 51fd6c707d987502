"""The rules of early confidence are the verdict's: the data themselves lead both to the same outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from muscope.backend.analysis.sweep import Losses, Sweep
from muscope.backend.analysis.verdict.one_size import judge_size
from muscope.backend.analysis.verdict.resampled_rules import outcomes_of_draws, resampled_outcomes
from muscope.backend.analysis.verdict.rules import SEVERITY
from muscope.backend.domain.spec.judging.decision import Settle
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.verdict.statement import Outcome
from tests.backend.analysis.sweeps import LRS, parabolas, unresolved, with_diverged, without

LIMITS = Thresholds()
HALVES = tuple(2.0 ** (-6 + index / 2) for index in range(17))
NUM_SWEEPS = 1_500


def _sweep(random_seed: int) -> Sweep:
    """Draw a sweep near the lines: any grid, 3-12 seeds, two losses, divergences and missing runs."""
    draw = np.random.default_rng(random_seed)
    lrs = HALVES if draw.random() < 0.5 else LRS
    first = int(draw.integers(0, 4)) if draw.random() < 0.3 else 0
    options = {
        "slope": draw.choice([0.0, -0.05, -0.15, -0.3, -0.45, -0.7]),
        "curvature": draw.choice([0.005, 0.02, 0.05, 0.15]),
        "num_seeds": int(draw.integers(3, 13)),
        "noise": draw.choice([0.002, 0.01, 0.03]),
        "scatter": draw.choice([0.0, 0.1, 0.3]),
        "gain": draw.choice([0.0, 0.01, 0.03, 0.1, 0.3]),
        "lrs": lrs[first:],
    }
    train, val = (parabolas(**options, random_seed=2 * random_seed + which) for which in (0, 1))
    losses = {
        Metric.TRAIN_LOSS: train.losses[Metric.TRAIN_LOSS],
        Metric.VAL_LOSS: val.losses[Metric.VAL_LOSS],
    }
    if draw.random() < 0.1:
        table = losses[Metric.TRAIN_LOSS]
        losses[Metric.TRAIN_LOSS] = Losses(table.final * 1e-4, table.initial)
    declared = (None, Metric.TRAIN_LOSS, Metric.VAL_LOSS)[int(draw.integers(0, 3))]
    settle = Settle() if draw.random() < 0.5 else None
    sweep = replace(train, losses=losses, declared_loss=declared, settle=settle)
    shape = sweep.is_measured.shape
    for change, chance in ((with_diverged, 0.3), (without, 0.2)):
        if draw.random() < chance:
            count = int(draw.integers(1, 6))
            sweep = change(sweep, *(_index(draw, shape) for _ in range(count)))
    return sweep


def _index(draw: np.random.Generator, shape: tuple[int, ...]) -> tuple[int, int, int]:
    width, lr, seed = (int(draw.integers(0, length)) for length in shape)
    return width, lr, seed


def _of_verdict(sweep: Sweep, index: int) -> int:
    outcome = judge_size(sweep, index, None, LIMITS).finding.outcome
    return SEVERITY[Outcome.TRANSFERS if outcome is Outcome.SHARPNESS_DRIFTS else outcome]


@pytest.mark.slow
def test_the_draw_of_every_seed_once_has_the_outcome_of_the_verdict_on_every_sweep():
    differing, seen = [], set()
    for random_seed in range(NUM_SWEEPS):
        sweep = _sweep(random_seed)
        index = sweep.larger[random_seed % len(sweep.larger)]
        identity = np.arange(len(sweep.shared_seeds(index)))[None]

        (found,) = outcomes_of_draws(sweep, index, identity, LIMITS)

        seen.add(int(found))
        if found != _of_verdict(sweep, index):
            differing.append(random_seed)

    assert differing == []
    outcomes = (Outcome.TRANSFERS, Outcome.FINE_TUNE, Outcome.INCONCLUSIVE, Outcome.DOES_NOT_TRANSFER)
    assert seen == {SEVERITY[outcome] for outcome in outcomes}


def test_a_draw_in_another_order_has_the_outcome_of_the_data():
    for random_seed in range(100):
        sweep = _sweep(random_seed)
        index = sweep.larger[-1]
        order = np.random.default_rng(random_seed).permutation(len(sweep.shared_seeds(index)))

        (found,) = outcomes_of_draws(sweep, index, order[None], LIMITS)

        assert found == _of_verdict(sweep, index)


@pytest.mark.parametrize(("slope", "outcome"), [(0.0, Outcome.TRANSFERS), (-1.5, Outcome.DOES_NOT_TRANSFER)])
def test_a_clear_case_has_the_same_outcome_under_every_draw(slope, outcome):
    sweep = parabolas(slope=slope)
    uniform = np.random.default_rng(0).random((200, sweep.num_seeds))

    found = resampled_outcomes(sweep, 3, uniform, LIMITS)

    assert set(found.tolist()) == {SEVERITY[outcome]}


def test_draws_of_a_case_near_a_line_disagree():
    sweep = unresolved(5)
    uniform = np.random.default_rng(0).random((400, sweep.num_seeds))

    found = resampled_outcomes(sweep, 3, uniform, LIMITS)

    assert len(set(found.tolist())) > 1


def test_with_fewer_seeds_than_the_rules_ask_for_every_draw_is_open():
    sweep = parabolas(num_seeds=2)

    found = resampled_outcomes(sweep, 3, np.zeros((5, 2)), LIMITS)

    assert set(found.tolist()) == {SEVERITY[Outcome.INCONCLUSIVE]}
