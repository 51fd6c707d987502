"""Synthetic sweeps whose optima are known: log loss is a parabola in log2 lr."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from muscope.backend.analysis.sweep import Losses, Sweep
from muscope.backend.domain.spec.experiment import Arm, ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Size
from tests.backend.domain.specs import spec

T = TypeVar("T")

WIDTHS = (32, 64, 128, 256)
LRS = tuple(2.0**e for e in range(-6, 3))
INITIAL = 2.3
# Optimum of the base: a grid point plus a fifth of an octave.
BASE_OPTIMUM = -1.8
MEASUREMENTS = 5


def parabolas(
    *,
    slope: float = 0.0,
    curvature: float = 0.2,
    num_seeds: int = 5,
    noise: float = 0.01,
    scatter: float = 0.0,
    widths: tuple[int, ...] = WIDTHS,
    lrs: tuple[float, ...] = LRS,
    gain: float = 0.2,
    random_seed: int = 0,
) -> Sweep:
    """Return a sweep whose optimum moves by `slope` octaves per doubling.

    Args:
        noise: standard deviation of log loss, drawn for every run.
        scatter: standard deviation, in octaves, of every seed's own optimum.
        gain: the best loss falls as width^-gain.
    """
    generator = np.random.default_rng(random_seed)
    shape = (len(widths), len(lrs), num_seeds)
    doublings = np.log2(np.array(widths) / widths[0])[:, None, None]
    optimum = BASE_OPTIMUM + slope * doublings
    optimum = optimum + scatter * generator.standard_normal((len(widths), 1, num_seeds))
    distance = np.log2(np.array(lrs))[None, :, None] - optimum
    log_loss = np.log(0.5) - gain * np.log(2) * doublings + curvature * distance**2
    final = np.exp(log_loss + noise * generator.standard_normal(shape))
    return sweep_of(dict.fromkeys((Metric.TRAIN_LOSS, Metric.VAL_LOSS), final), widths=widths, lrs=lrs)


def unresolved(num_seeds: int = 4) -> Sweep:
    """Return a sweep whose cost of reuse, about 1.1%, lies beside its limit of 0.9% within the noise."""
    return parabolas(slope=-0.5, curvature=0.04, noise=0.02, num_seeds=num_seeds)


def sweep_of(
    finals: dict[Metric, Any],
    *,
    widths: tuple[int, ...],
    lrs: tuple[float, ...],
    initial: float = INITIAL,
    **fields: Any,
) -> Sweep:
    """Return a sweep of final losses [W, E, S]: NaN is missing; sharpness is 1 everywhere."""
    first = np.asarray(next(iter(finals.values())), dtype=np.float64)
    full = np.full(first.shape, initial)
    plain = Sweep(
        sizes=sizes_of(widths),
        lrs=lrs,
        lr_indices=tuple(range(len(lrs))),
        base_index=0,
        num_seeds=first.shape[2],
        num_steps=100,
        tail_steps=10,
        losses={loss: Losses(np.asarray(final, dtype=np.float64), full) for loss, final in finals.items()},
        diverged_at=np.full(first.shape, -1),
        is_measured=np.isfinite(first),
        sharpness=np.full((*first.shape, MEASUREMENTS), 0.1),
        measurement_steps=np.linspace(0, 100, MEASUREMENTS).astype(np.int64),
    )
    return replace(plain, **fields)


def sizes_of(widths: tuple[int, ...], depth: int = 3) -> tuple[Size, ...]:
    """Return sizes that differ in width only."""
    return tuple(Size(width, depth) for width in widths)


def with_diverged(sweep: Sweep, *indices: tuple[int, int, int]) -> Sweep:
    """Return the sweep with these runs diverged at step 7."""
    diverged_at = sweep.diverged_at.copy()
    losses = {loss: Losses(table.final.copy(), table.initial) for loss, table in sweep.losses.items()}
    for index in indices:
        diverged_at[index] = 7
        for table in losses.values():
            table.final[index] = np.nan
    return replace(sweep, diverged_at=diverged_at, losses=losses)


def without(sweep: Sweep, *indices: tuple[int, int, int]) -> Sweep:
    """Return the sweep with these runs missing."""
    is_measured = sweep.is_measured.copy()
    losses = {loss: Losses(table.final.copy(), table.initial) for loss, table in sweep.losses.items()}
    for index in indices:
        is_measured[index] = False
        for table in losses.values():
            table.final[index] = np.nan
    return replace(sweep, is_measured=is_measured, losses=losses)


def planned_only(sweep: Sweep, is_planned: Any) -> Sweep:
    """Return the sweep of a protocol that has planned and run only the runs of this mask [W, E, S]."""
    mask = np.broadcast_to(np.asarray(is_planned, dtype=np.bool_), sweep.is_measured.shape)
    left_out = [(int(w), int(e), int(s)) for w, e, s in np.argwhere(~mask)]
    return replace(without(sweep, *left_out), is_planned=mask)


def sizes_only(sweep: Sweep, *indices: int) -> Sweep:
    """Return the sweep of a protocol that has planned these sizes, at every LR and seed."""
    return planned_only(sweep, np.isin(np.arange(len(sweep.sizes)), indices)[:, None, None])


def with_finals(sweep: Sweep, loss: Metric, final: Any) -> Sweep:
    """Return the sweep with other final values of one loss."""
    return replace(sweep, losses=sweep.losses | {loss: Losses(final, sweep.losses[loss].initial)})


def spec_of(sweep: Sweep, *parametrizations: Parametrization) -> ExperimentSpec:
    """Return a spec that plans a sweep for each arm."""
    arms = tuple(Arm(parametrization=name, lrs=sweep.lrs) for name in parametrizations)
    return spec(
        arms=arms or (Arm(parametrization=Parametrization.MUP, lrs=sweep.lrs),),
        widths=tuple(dict.fromkeys(sweep.widths)),
        depths=tuple(dict.fromkeys(size.depth for size in sweep.sizes)),
        base_width=sweep.base.width,
        base_depth=sweep.base.depth,
        seeds=tuple(range(sweep.num_seeds)),
    )


def known(value: T | None) -> T:
    """Return the value, which must not be None."""
    assert value is not None
    return value
