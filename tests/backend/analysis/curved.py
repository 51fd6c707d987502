"""Sweeps with train-loss curves whose best LR moves with the horizon in a known way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from muscope.backend.analysis.sweep import Losses, Sweep
from muscope.backend.domain.spec.metrics import Metric
from tests.backend.analysis.sweeps import INITIAL, LRS, WIDTHS, sweep_of

BASE_OPTIMUM = -1.8
NUM_STEPS = 256


def curved(
    *,
    slope: float = 0.0,
    optimum: float = BASE_OPTIMUM,
    horizon_slope: float = 0.0,
    size_horizon_slope: float = 0.0,
    curvature: float = 0.2,
    num_seeds: int = 5,
    noise: float = 0.01,
    scatter: float = 0.0,
    drift: float = 0.0,
    gain: float = 0.2,
    widths: tuple[int, ...] = WIDTHS,
    reached: tuple[int, ...] | None = None,
    num_steps: int = NUM_STEPS,
    random_seed: int = 0,
) -> Sweep:
    """Return a sweep that can be cut at any step.

    Log loss at step t is a parabola in log2 lr around `optimum + slope · doublings of the width +
    horizon_slope · log2(t / num_steps)`, falling as t^-0.3 and width^-gain.

    Args:
        size_horizon_slope: added to `horizon_slope` at sizes above the base.
        noise, scatter: of every run's log loss, and of every seed's own optimum at a width, in octaves; both
            the same at all steps.
        drift: standard deviation of the movement of a width's optimum, per doubling of the steps.
        reached: the last step of every width; all steps by default.
    """
    generator = np.random.default_rng(random_seed)
    shape = (len(widths), len(LRS), num_seeds)
    doublings = np.log2(np.array(widths) / widths[0])[:, None, None]
    own = scatter * generator.standard_normal((len(widths), 1, num_seeds))
    wander = drift * generator.standard_normal((len(widths), 1, 1))
    error = noise * generator.standard_normal(shape)
    last = np.full(len(widths), num_steps) if reached is None else np.array(reached)

    def finals(steps: Any) -> Any:
        """Return the losses of all runs at every step, [T, W, E, S]."""
        steps = np.asarray(steps)[:, None, None, None]
        age = np.log2(steps / num_steps)
        moved = (horizon_slope + size_horizon_slope * (doublings > 0) + wander) * age
        centre = optimum + slope * doublings + own + moved
        distance = np.log2(np.array(LRS))[:, None] - centre
        level = np.log(0.5) - gain * np.log(2) * doublings - 0.3 * np.log(2) * age
        values = np.exp(level + curvature * distance**2 + error)
        return np.where(last[:, None, None] >= steps, values, np.nan)

    curves = np.concatenate([np.full((1, *shape), INITIAL), finals(np.arange(1, num_steps + 1))])

    return _cut_at(num_steps, curves, last, widths)


def _cut_at(step: int, curves: Any, last: Any, widths: tuple[int, ...]) -> Sweep:
    """Return the sweep of curves [T, W, E, S] as if training had ended after `step`."""
    values, first = curves[step], np.full(curves.shape[1:], INITIAL)
    blank = sweep_of(dict.fromkeys((Metric.TRAIN_LOSS, Metric.VAL_LOSS), values), widths=widths, lrs=LRS)
    return replace(
        blank,
        num_steps=step,
        tail_steps=1,
        losses={loss: Losses(values, first) for loss in blank.losses},
        reached=np.broadcast_to(last[:, None, None], values.shape).astype(np.int64),
        until=lambda until: _cut_at(until, curves, last, widths),
        train_curves=lambda w, e: curves[: step + 1, w, e],
    )
