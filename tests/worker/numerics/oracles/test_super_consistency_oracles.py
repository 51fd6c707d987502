"""What the tanh toy's widths share and what they do not: sharpness, the best learning rate, the best loss.

Oracles 33 (the fit of a growth exponent) and 35 (where the window stops) as the product applies them are in
tests/backend/analysis/measures/test_sharpness_spread.py.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from muscope.backend.analysis.statistics.optimum import find_optimum
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.metrics import Metric
from muscope.worker.numerics.program import TrainingData
from muscope.worker.numerics.trainer import train
from tests import cases
from tests.worker.numerics.oracles.toy import final_losses, over_widths

SWEEP_WIDTHS = (32, 64, 128, 256, 512)
SWEEP_STEPS = 60


def half_octaves(low: float, high: float) -> tuple[float, ...]:
    """Return log2 of the learning rates from `low` to `high`."""
    return tuple(np.arange(low, high + 0.25, 0.5))


LOG2_LRS = {"mup": half_octaves(1, 5), "sp": half_octaves(-6, 0)}


def test_oracle_26_under_mup_all_widths_sharpen_alike():
    """Oracle 26: λ_eff(t) of N = 32, 128, 512 agrees within 15% at every measurement after step 0.

    At step 0 within 25%; all as the mean of six seeds. It starts near .2 and ends near .9.
    """
    values = over_widths("mup", 1.0, 800, 80).mean(2)

    ratio = values.max(0) / values.min(0)
    assert ratio[0] < 1.25
    assert (ratio[1:] < 1.15).all()
    assert (np.diff(values, axis=1) > 0).all()


def test_oracle_27_under_ntp_sharpening_vanishes_with_width():
    """Oracle 27: the final values fall with width, from about the same start: .26 > .18 > .16 here."""
    values = over_widths("ntp", 1.0, 800, 400).mean(2)

    growth = values[:, -1] / values[:, 0]
    assert values[0, -1] > values[1, -1] > values[2, -1]
    assert growth[0] > 1.5
    assert growth[0] > growth[1] > growth[2] > 1
    assert growth[2] < 1.1


def test_oracle_28_under_sp_sharpness_grows_with_width_until_the_widest_diverges():
    """Oracle 28: more than twice per 4x width at every measurement; at N = 512 LR .1 diverges."""
    values = over_widths("sp", 0.1, 300, 60)

    mean = values.mean(2)
    assert (mean[1] / mean[0] > 2).all()
    assert np.polyfit(np.log2([32, 128, 512]), np.log2(mean[:, 0]), 1)[0] == pytest.approx(0.84, abs=0.1)
    assert np.isnan(values[2, -1]).all()


def optimum_slope(arm: str) -> float:
    """Return how many octaves the best learning rate moves per doubling of the width."""
    log2_lrs = LOG2_LRS[arm]
    optima = []
    for width in SWEEP_WIDTHS:
        losses = final_losses(arm, width, log2_lrs, SWEEP_STEPS).mean(1)
        optimum = find_optimum(np.array(log2_lrs), losses)
        assert optimum is not None
        assert not optimum.is_edge
        optima.append(optimum.log2_lr)
    return float(np.polyfit(np.log2(SWEEP_WIDTHS), optima, 1)[0])


def test_oracle_29_the_best_learning_rate_stays_under_mup_and_falls_under_sp():
    """Oracle 29: octaves per doubling, 60 steps, half-octave grid, six seeds: |µP| < .25, SP < -.6."""
    assert abs(optimum_slope("mup")) < 0.25
    assert optimum_slope("sp") < -0.6


def test_oracle_34_wider_is_better_under_mup():
    """Oracle 34: the best loss of the sweep falls with every doubling of the width, 32 to 512."""
    best = [final_losses("mup", width, LOG2_LRS["mup"], SWEEP_STEPS).mean(1).min() for width in SWEEP_WIDTHS]

    assert (np.diff(best) < 0).all()
    assert best[0] > 2 * best[-1]


def separable() -> TrainingData:
    """Return three classes that a linear map separates with a margin."""
    data = cases.classification(torch.float64)
    generator = np.random.default_rng(5)
    logits = data.x_train @ torch.from_numpy(generator.standard_normal((cases.NUM_FEATURES, 3)))
    best = logits.topk(2, dim=1)
    is_clear = best.values[:, 0] - best.values[:, 1] > 0.5
    x, y = data.x_train[is_clear], best.indices[is_clear, 0]
    return TrainingData(x, y, data.x_val, data.y_val, Task.CLASSIFICATION, 3)


def test_oracle_35_sharpness_falls_with_the_loss_once_separable_classes_are_fitted():
    """Oracle 35: under cross-entropy on separable data; hence the window stops at a floor of the loss."""
    data = separable()
    num_train = len(data.x_train)
    program = cases.program(
        loss=Loss.CROSS_ENTROPY,
        runs=(PlannedRun(0, 0.5, 0), PlannedRun(1, 0.5, 3)),
        num_steps=400,
        measure_every=20,
        batch_size=num_train,
        sharpness_batch_size=num_train,
    )
    windows = list(train(program, data))
    loss_TR, sharpness_TR = (
        np.concatenate([window.values[metric] for window in windows if metric in window.values])
        for metric in (Metric.TRAIN_LOSS, Metric.SHARPNESS)
    )

    assert (loss_TR[-1] < 0.01 * loss_TR[0]).all()
    assert (sharpness_TR[-1] < 0.2 * sharpness_TR.max(0)).all()
    assert (sharpness_TR[-1] < 0.5 * sharpness_TR[len(sharpness_TR) // 2]).all()
