"""Curves of a sweep as figures draw them: per arm and ordered axis, one set of curves per stratum."""

from __future__ import annotations

import math

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.sweeps.answers.judge import columns_of, curves_by_arm
from muscope.backend.sweeps.answers.strata import Columns, Stratum, axes_of, strata_of
from muscope.backend.sweeps.measures.curves import Curve
from muscope.backend.sweeps.measures.noise import noise_of
from muscope.backend.sweeps.reading.rows import Rows


class DrawnPoint(Frozen):
    """Runs of one value of the axis at one learning rate."""

    lr: float
    loss: float | None = Field(description="Mean; null where no run has a finite loss.")
    num_runs: int = Field(description="Runs with a loss.")
    diverged: float = Field(description="Share of the runs that diverged.")


class DrawnCurve(Frozen):
    """One value of the axis, points in order of their learning rates."""

    value: float
    points: tuple[DrawnPoint, ...]
    best_lr: float | None = Field(description="Best LR tried; null without losses.")
    is_edge: bool = Field(description="The best LR lies at the end of those tried.")


class DrawnStratum(Frozen):
    """Curves under the same conditions, in ascending order of the axis."""

    held: dict[str, float | str]
    curves: tuple[DrawnCurve, ...]


class DrawnAxis(Frozen):
    """Strata of one arm on one axis, those with the most curves first."""

    arm: dict[str, str]
    axis: str
    strata: tuple[DrawnStratum, ...]


def drawn_axes(rows: Rows) -> tuple[DrawnAxis, ...]:
    """Return the curves of every arm on every ordered axis that was varied."""
    columns = columns_of(rows)
    found = []
    for key, curves in curves_by_arm(rows).items():
        arm = dict(zip(rows.arm_names, key, strict=True))
        sigma = noise_of(curves).sigma
        found += [_axis(arm, curves, axis, columns, sigma) for axis in axes_of(curves, columns)]
    return tuple(each for each in found if each.strata)


def _axis(arm: dict[str, str], curves: list[Curve], axis: str, columns: Columns, sigma: float) -> DrawnAxis:
    strata = sorted(strata_of(curves, axis, columns), key=lambda s: -len(s.curves))
    return DrawnAxis(arm=arm, axis=axis, strata=tuple(_stratum(each, sigma) for each in strata))


def _stratum(stratum: Stratum, sigma: float) -> DrawnStratum:
    return DrawnStratum(
        held=stratum.held,
        curves=tuple(
            _curve(float(value), curve, sigma)
            for value, curve in stratum.curves.items()
            if isinstance(value, float)
        ),
    )


def _curve(value: float, curve: Curve, sigma: float) -> DrawnCurve:
    best = curve.smoothed(sigma).optimum
    points = zip(curve.lrs, curve.means.tolist(), curve.replicates, curve.diverged.tolist(), strict=True)
    return DrawnCurve(
        value=value,
        points=tuple(
            DrawnPoint(
                lr=lr, loss=mean if math.isfinite(mean) else None, num_runs=len(losses), diverged=share
            )
            for lr, mean, losses, share in points
        ),
        best_lr=None if best is None else curve.lrs[best.index],
        is_edge=best is not None and best.is_edge,
    )
