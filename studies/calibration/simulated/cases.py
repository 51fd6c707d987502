"""Simulated experiments with known truth: draws the conditions of a case, and its sweep from them.

Every case is made from its number alone, so that any part of the study can be repeated.

Shapes: W sizes, E learning rates, S seeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.statistics.optimum import find_optimum
from muscope.backend.analysis.sweep import Losses, Sweep, Values
from muscope.backend.domain.spec.judging.decision import Settle
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Size
from studies.calibration.simulated.curves import INITIAL, LossCurve
from studies.calibration.truth import Truth

WIDTHS = (32, 64, 128, 256)
DEPTH = 3
NUM_SEEDS = (3, 5, 8)
THRESHOLDS = Thresholds()
MAX_TRIES = 400
Flags = NDArray[np.bool_]
LOSSES = (Metric.VAL_LOSS, Metric.TRAIN_LOSS)
# Of 20 cases so many lack runs, have an unstable target, a base optimum at the edge, losses that differ.
_LACKING, _UNSTABLE, _AT_EDGE, _DIFFERING = 2, 3, 1, 3
_STEPS, _TAIL = 100, 10


class Wanted(StrEnum):
    """Truth that a case is drawn to have, for the LR that is best at the base."""

    INSIDE = "inside"
    JUST_INSIDE = "just_inside"
    JUST_OUTSIDE = "just_outside"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Conditions:
    """Case before its runs are drawn: loss curves [metric][W], and the flaws of the data."""

    curves: dict[Metric, tuple[LossCurve, ...]]
    log2_lrs: Values
    num_seeds: int
    seed_noise: float
    num_missing: int
    has_sharpness: bool

    def true_costs(self, loss: Metric, size: int, lr_index: int) -> Truth:
        """Return what the LR at a place of the grid costs at a size."""
        base, target = self.curves[loss][0], self.curves[loss][size]
        expected_E = target.expected(self.log2_lrs)
        excess = float(expected_E[lr_index] - expected_E.min())
        gain = float(base.expected(self.log2_lrs).min() - expected_E.min())
        reduction = INITIAL - float(expected_E.min())
        return Truth(
            regret=excess / reduction if reduction > 0 else 1.0,  # every LR of the grid diverges
            shift=target.true_optimum - base.true_optimum,
            gain_loss=excess / gain if gain > 0 else None,
            benefit=max(0.0, gain / reduction) if reduction > 0 else 0.0,
            divergence=float(target.divergence(self.log2_lrs[lr_index : lr_index + 1])[0]),
        )

    def vertex_shift(self, loss: Metric) -> float:
        """Return the distance of the vertices that the expected losses of base and largest size have."""
        ends = (self.curves[loss][0], self.curves[loss][-1])
        base, target = (find_optimum(self.log2_lrs, curve.expected(self.log2_lrs)) for curve in ends)
        return math.nan if base is None or target is None else target.log2_lr - base.log2_lr

    def at_target(self, lr_index: int | None = None) -> Truth:
        """Return the truth at the largest size, on the loss that decides; None: at the base's best LR."""
        curves = self.curves[Metric.VAL_LOSS]
        best = int(curves[0].expected(self.log2_lrs).argmin()) if lr_index is None else lr_index
        return self.true_costs(Metric.VAL_LOSS, len(curves) - 1, best)


def wanted(index: int) -> Wanted:
    """Return which truth a case is drawn for: as many of each."""
    return list(Wanted)[index % len(Wanted)]


def draw(index: int) -> Conditions:
    """Draw case `index`; its truth is as wanted unless that proves too hard."""
    rng = np.random.Generator(np.random.PCG64([5, index]))
    for _ in range(MAX_TRIES):
        conditions = _draw_any(rng, index)
        if _is_as_wanted(conditions.at_target(), wanted(index)):
            break
    return conditions


def _is_as_wanted(truth: Truth, wish: Wanted) -> bool:
    near, transfers = truth.is_near(THRESHOLDS), truth.transfers(THRESHOLDS)
    return {
        Wanted.INSIDE: transfers and not near,
        Wanted.JUST_INSIDE: transfers and near,
        Wanted.JUST_OUTSIDE: not transfers and near,
        Wanted.OUTSIDE: not transfers and not near,
    }[wish]


def _draw_any(rng: np.random.Generator, index: int) -> Conditions:
    """Draw shift, curvature, noise and the rest independently of the truth."""
    # The troubles do not go together with the wanted truth, whose period is 4, nor with the seeds, 3.
    trouble = index // 12 % 20
    log2_lrs = np.arange(-6.0, 3.0) if rng.random() < 0.7 else np.arange(-5.0, 1.5, 0.5)
    i = 0.0 if trouble == 19 and _AT_EDGE else rng.uniform(0.35, 0.6) * (len(log2_lrs) - 1)
    shift = rng.choice([-1.0, 1.0]) * rng.choice(
        [rng.uniform(0, 0.8), rng.uniform(0.6, 1.6), rng.uniform(1, 3.2)]
    )
    curves = _curves(rng, float(log2_lrs[0] + i * (log2_lrs[1] - log2_lrs[0])), shift)
    differs = _LACKING + _UNSTABLE <= trouble < _LACKING + _UNSTABLE + _DIFFERING
    of_train = _curves_like(rng, curves, 1.0 if differs else 0.0)
    if _LACKING <= trouble < _LACKING + _UNSTABLE:
        near_edge = replace(curves[-1], edge=float(curves[0].optimum + rng.uniform(-0.5, 1.0)))
        curves, of_train = (
            (*curves[:-1], near_edge),
            (*of_train[:-1], replace(of_train[-1], edge=near_edge.edge)),
        )
    return Conditions(
        curves={Metric.VAL_LOSS: curves, Metric.TRAIN_LOSS: of_train},
        log2_lrs=log2_lrs,
        num_seeds=NUM_SEEDS[index // 4 % 3],
        seed_noise=float(rng.uniform(0.0, 0.05)),
        num_missing=int(rng.integers(1, 6)) if trouble < _LACKING else 0,
        has_sharpness=bool(rng.random() < 0.8),
    )


def _curves(rng: np.random.Generator, base_optimum: float, shift: float) -> tuple[LossCurve, ...]:
    doublings = np.log2(np.array(WIDTHS) / WIDTHS[0])
    below = float(np.exp(rng.uniform(math.log(0.004), math.log(0.25))))
    above = below * float(np.exp(rng.uniform(-0.2, 1.0)))
    margin, scatter = float(rng.uniform(1.2, 4.0)), float(rng.choice([0.0, rng.uniform(0.0, 0.4)]))
    noise = float(np.exp(rng.uniform(math.log(0.001), math.log(0.04))))
    best, gain = INITIAL * float(rng.uniform(0.1, 0.7)), float(rng.uniform(0.0, 0.3))
    optima = base_optimum + shift * doublings / doublings[-1]
    return tuple(
        LossCurve(
            float(optimum), float(optimum) + margin, best * 2.0 ** (-gain * x), below, above, scatter, noise
        )
        for optimum, x in zip(optima, doublings, strict=True)
    )


def _curves_like(
    rng: np.random.Generator, curves: tuple[LossCurve, ...], extra_shift: float
) -> tuple[LossCurve, ...]:
    """Return the other loss: somewhat lower, its optimum moved a little more where the losses differ."""
    extra = extra_shift * float(rng.uniform(-1.0, 1.0))
    last = len(curves) - 1
    return tuple(
        replace(curve, best=0.9 * curve.best, optimum=curve.optimum + extra * index / last)
        for index, curve in enumerate(curves)
    )


def sample(conditions: Conditions, index: int, *, num_further: int = 0) -> Sweep:
    """Draw the runs of a case: the sweep that a verdict would be made of.

    Args:
        num_further: seeds that a settle stage could add.
    """
    rng = np.random.Generator(np.random.PCG64([6, index]))
    planned = _drawn(conditions, rng, conditions.num_seeds, conditions.num_missing)
    if not num_further:
        return planned
    settle = Settle(max_seeds=conditions.num_seeds + num_further)
    return replace(planned, settle=settle, further=_drawn(conditions, rng, num_further, 0))


def _drawn(conditions: Conditions, rng: np.random.Generator, num_seeds: int, num_missing: int) -> Sweep:
    shape = (len(WIDTHS), len(conditions.log2_lrs), num_seeds)
    of_seed = conditions.seed_noise * rng.standard_normal(shape[2])
    own = rng.standard_normal((shape[0], shape[2]))  # a run's own optimum belongs to its seed and size
    edges = rng.standard_normal((shape[0], shape[2]))
    losses, has_diverged = {}, np.zeros(shape, np.bool_)
    for loss in LOSSES:
        final = np.empty(shape)
        for i, curve in enumerate(conditions.curves[loss]):
            distance_ES = conditions.log2_lrs[:, None] - curve.optimum - curve.scatter * own[i]
            noise_ES = of_seed + curve.noise * rng.standard_normal(shape[1:])
            final[i] = curve.loss_at(distance_ES) * np.exp(noise_ES)
            has_diverged[i] = conditions.log2_lrs[:, None] > curve.edge + curve.edge_scatter * edges[i]
        losses[loss] = final
    return _sweep(conditions, losses, has_diverged, _missing(num_missing, shape, rng))


def _missing(num_missing: int, shape: tuple[int, ...], rng: np.random.Generator) -> Flags:
    is_missing = np.zeros(shape, np.bool_)
    is_missing.flat[rng.choice(is_missing.size, num_missing, replace=False)] = True
    return is_missing


def _sweep(
    conditions: Conditions, finals: dict[Metric, Values], has_diverged: Flags, is_missing: Flags
) -> Sweep:
    lost = has_diverged | is_missing
    initial = np.where(is_missing, np.nan, INITIAL)
    steps = np.array([0, 25, 50, 75, 100])
    sharpness = np.full((*lost.shape, len(steps)), 0.01 if conditions.has_sharpness else np.nan)
    return Sweep(
        sizes=tuple(Size(width, DEPTH) for width in WIDTHS),
        lrs=tuple(float(2.0**e) for e in conditions.log2_lrs),
        lr_indices=tuple(range(len(conditions.log2_lrs))),
        base_index=0,
        num_seeds=lost.shape[2],
        num_steps=_STEPS,
        tail_steps=_TAIL,
        losses={loss: Losses(np.where(lost, np.nan, final), initial) for loss, final in finals.items()},
        diverged_at=np.where(has_diverged & ~is_missing, 7, -1),
        is_measured=~is_missing,
        sharpness=sharpness,
        measurement_steps=steps,
    )
