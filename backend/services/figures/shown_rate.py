"""Learning rate at which a figure opens: the page's, unless the figure has more sizes at another one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.services.figures.options import reference_arm
from muscope.backend.services.figures.shown_runs import ShownRuns


def at_rate_with_values(shown: ShownRuns, cells: Sequence[CellRow], metric: Metric) -> ShownRuns:
    """Return the runs at the chosen LR; if none is chosen, at the nearest to the page's with most sizes."""
    if shown.wanted_lr_index is not None:
        return shown
    counts = sizes_by_rate(shown, cells, metric)
    most = max(counts, default=0)
    if most == 0 or counts[shown.lr_index] == most:
        return shown
    # The grid need not be in order.
    lrs = np.log2(reference_arm(shown.spec).lrs)
    full = [index for index, count in enumerate(counts) if count == most]
    nearest = min(full, key=lambda index: abs(lrs[index] - lrs[shown.lr_index]))
    return dataclasses.replace(shown, wanted_lr_index=nearest)


def sizes_by_rate(shown: ShownRuns, cells: Sequence[CellRow], metric: Metric) -> list[int]:
    """Return, per LR of the reference arm, at how many sizes of all arms the metric has values."""
    measured = {(arm, width, index) for arm, width, index in _measured(shown, cells, metric)}
    counts = []
    for index in range(len(reference_arm(shown.spec).lrs)):
        at_rate = dataclasses.replace(shown, wanted_lr_index=index)
        found = {(arm, w) for arm, w, of in measured if of == at_rate.lr_index_of(arm)}
        counts.append(len(found))
    return counts


def arm_sizes_by_rate(
    shown: ShownRuns, cells: Sequence[CellRow], metric: Metric, arm: Parametrization
) -> list[int]:
    """Return, per LR of an arm, at how many of its sizes the metric has values."""
    measured = _measured(shown, [cell for cell in cells if cell.parametrization == arm], metric)
    return [sum(of == index for _, _, of in measured) for index in range(len(shown.spec.arm(arm).lrs))]


def _measured(
    shown: ShownRuns, cells: Sequence[CellRow], metric: Metric
) -> set[tuple[Parametrization, int, int]]:
    """Return the (arm, width, LR index) at which a run has a value of a metric."""
    found: set[tuple[Parametrization, int, int]] = set()
    every_run_has_it = METRIC_INFO[metric].every_step
    for cell in cells:
        if cell.width not in shown.widths or cell.committed_step < 0:
            continue
        runs = shown.evidence.runs_of(cell.id)
        if not every_run_has_it:
            runs = [run for run, has in zip(runs, _has_values(shown, cell, metric), strict=False) if has]
        found |= {(cell.parametrization, cell.width, run.lr_index) for run in runs}
    return found


def _has_values(shown: ShownRuns, cell: CellRow, metric: Metric) -> list[bool]:
    """Return whether each run of a cell has a finite value, in the order of its chunks."""
    schedule = shown.spec.schedule(cell.chunk_steps)
    _, values = shown.evidence.values(cell, metric, schedule, to_step=shown.spec.num_steps)
    if not len(values):
        return []
    axes = (0,) if values.ndim == 2 else (0, 2)
    return [bool(has) for has in np.atleast_1d(np.isfinite(values).any(axis=axes))]
