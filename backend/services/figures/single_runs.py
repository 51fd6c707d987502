"""Curves of single runs over steps, sampled like the means they stand beside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from muscope.backend.analysis.display.curves import RunCurves, positive, sampled
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.run_lines import RunLine, RunLines
from muscope.backend.services.figures.shown_runs import ShownRuns


def run_lines(
    shown: ShownRuns,
    curves: RunCurves,
    seeds: Sequence[int],
    size: tuple[Parametrization, int],
    bucket: int,
    *,
    is_log: bool,
) -> RunLines:
    """Return the line of every seed if each is wanted, and that of the run in front.

    Args:
        curves: values [T, R] as shown; `seeds` [R] names their columns.
        size: parametrization and width.
    """
    front = shown.front_seed(*size)
    wanted = [seed for seed in seeds if shown.shows_each or seed == front]
    found = {seed: _line(curves, seed, seeds.index(seed), bucket, is_log) for seed in wanted}
    return RunLines(
        tuple(found.values()) if shown.shows_each else (), None if front is None else found.get(front)
    )


def _line(curves: RunCurves, seed: int, column: int, bucket: int, is_log: bool) -> RunLine:
    values = curves.values[:, column]
    values = positive(values).values if is_log else np.where(np.isfinite(values), values, np.nan)
    kept = sampled(curves.steps, values, bucket)
    return RunLine(seed, tuple(curves.steps[kept].tolist()), tuple(values[kept].tolist()))
