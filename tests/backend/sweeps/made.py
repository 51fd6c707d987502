"""Sweeps made from a formula, so that the right answer is known without judging them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from muscope.backend.sweeps.answers.answer import AxisAnswer, SweepAnswer
from muscope.backend.sweeps.table import Options, judge_columns

LRS = tuple(2.0**octave for octave in range(-13, -4))
WIDTHS = (128.0, 256.0, 512.0, 1024.0)
Columns = dict[str, list[str]]
Cell = dict[str, Any]


def loss_at(
    width: float, lr: float, *, drift: float = 0.0, bend: float = 0.02, gain: float = 0.1, offset: float = 0.0
) -> float:
    """Return 3 nats at width 128 and its best LR of 2^-9, less by `gain` and moved by `drift` per doubling.

    The best LR lies `offset` octaves further at every width.
    """
    doublings = np.log2(width / 128.0)
    octaves = np.log2(lr) + 9.0 - drift * doublings - offset
    return float(3.0 - gain * doublings + bend * octaves**2)


def table(cells: Iterable[Cell]) -> Columns:
    """Return cells as columns of text."""
    rows = list(cells)
    return {name: [str(row[name]) for row in rows] for name in rows[0]}


def sweep(
    *,
    widths: Sequence[float] = WIDTHS,
    lrs: Sequence[float] = LRS,
    seeds: int = 1,
    noise: float = 0.0,
    loss: Callable[..., float] = loss_at,
    extra: dict[str, Any] | None = None,
    **shape: float,
) -> list[Cell]:
    """Return the cells of a sweep; with several seeds or noise, the noise is drawn from seed 0."""
    rng = np.random.default_rng(0)
    return [
        {
            "width": int(width),
            "lr": lr,
            "seed": seed,
            "loss": loss(width, lr, **shape) + noise * rng.standard_normal(),
            **(extra or {}),
        }
        for width in widths
        for lr in lrs
        for seed in range(seeds)
    ]


def judged(cells: Iterable[Cell], **options: Any) -> SweepAnswer:
    """Return the answer to cells."""
    return judge_columns(table(cells), Options(**options))


def only_axis(answer: SweepAnswer) -> AxisAnswer:
    """Return the single axis of the single arm."""
    ((axis,),) = (arm.axes for arm in answer.arms)
    return axis
