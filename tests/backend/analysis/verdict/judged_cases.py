"""One sweep for each rule of the verdict: the golden cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from muscope.backend.domain.spec.metrics import Metric
from tests.backend.analysis.sweeps import (
    parabolas,
    planned_only,
    unresolved,
    with_diverged,
    with_finals,
    without,
)

TRAIN, VAL = Metric.TRAIN_LOSS, Metric.VAL_LOSS


def drifting():
    sweep = parabolas()
    sharpness = sweep.sharpness * np.array([1, 1.2, 1.5, 2])[:, None, None, None]
    return replace(sweep, sharpness=sharpness)


def scaled(sweep, factor):
    return with_finals(sweep, TRAIN, sweep.losses[TRAIN].final * factor)


def but_for_the_reused_lr():
    """Return the plan of a protocol that never ran the base's best LR at the largest size."""
    is_planned = np.ones(parabolas().is_measured.shape, dtype=np.bool_)
    is_planned[3, 4] = False
    return is_planned


def at_rate(sweep, size_index, lr_index, count):
    return with_diverged(sweep, *[(size_index, lr_index, seed) for seed in range(count)])


CASES = {
    "transfers": (parabolas(), "transfers"),
    "spread_level": (drifting(), "sharpness_drifts"),
    "fine_tune": (parabolas(slope=0.5, curvature=0.02, noise=0.001), "fine_tune"),
    "regret_too_large": (parabolas(slope=-1.0), "does_not_transfer"),
    "shift_too_large": (parabolas(slope=-0.9, curvature=0.01, noise=1e-4), "does_not_transfer"),
    "diverges": (at_rate(parabolas(), 3, 4, 3), "does_not_transfer"),
    "base_at_edge": (parabolas(lrs=tuple(2.0**e for e in range(-1, 7))), "inconclusive"),
    "target_at_edge": (
        parabolas(slope=0.6, curvature=0.01, noise=1e-4, lrs=tuple(2.0**e for e in range(-7, 1))),
        "inconclusive",
    ),
    "too_few_seeds": (parabolas(num_seeds=2), "inconclusive"),
    "one_width": (parabolas(widths=(32,)), "inconclusive"),
    "missing_runs": (without(parabolas(), (2, 0, 1)), "inconclusive"),
    "grid_too_small": (parabolas(widths=(32, 64)), "inconclusive"),
    "nothing_learned": (
        with_diverged(parabolas(), *np.ndindex(4, 9, 5)),
        "inconclusive",
    ),
    "unresolved": (unresolved(), "inconclusive"),
    "unstable": (at_rate(parabolas(), 3, 4, 1), "fine_tune"),
    "benefit_lost": (
        parabolas(slope=-1 / 3, curvature=0.1, gain=0.06, noise=0.0005),
        "does_not_transfer",
    ),
    "reused_not_run": (planned_only(parabolas(), but_for_the_reused_lr()), "inconclusive"),
    "train_interpolates": (
        replace(scaled(parabolas(), 0.01), losses={TRAIN: scaled(parabolas(), 0.01).losses[TRAIN]}),
        "inconclusive",
    ),
}
