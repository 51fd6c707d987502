"""Stored coordinate check, part by part over widths, for its figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.measures.coordinate_check import OCTAVES_BELOW_TUNED
from muscope.backend.analysis.measures.expected_slopes import expected_slope
from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.spec.coordinates import CHECK_UPDATES, Part, component_of
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.figures.coordinate_check import CoordinateInfo, CoordinateLine
from muscope.backend.figures.steps.step_curves import Column
from muscope.backend.services.figures.shown_rate import arm_sizes_by_rate
from muscope.backend.services.figures.shown_runs import ShownRuns

# The first update, where some parts may still shrink, and the last one that the verdict judges.
SHOWN_UPDATES = (CHECK_UPDATES[0], CHECK_UPDATES[-1])
Values = NDArray[np.float64]


def coordinate_info(shown: ShownRuns, cells: Sequence[CellRow]) -> CoordinateInfo:
    """Return mean, smallest and largest change over seeds of every part, at each width that has values."""
    changes = {arm: _changes(shown, cells, arm) for arm in shown.arms}
    lines = [line for arm in shown.arms for part in Part for line in _lines(arm, part, changes[arm])]
    columns = tuple(
        Column(arm, shown.spec.arm(arm).lrs[shown_lr_index(shown, arm)], shown.spec.optimizer.kappa)
        for arm in shown.arms
    )
    widths = tuple(sorted(shown.spec.widths))
    return CoordinateInfo(columns, widths, len(shown.seeds), tuple(lines), shown.widths)


def shown_lr_index(shown: ShownRuns, arm: Parametrization) -> int:
    """Return the index of the LR shown: the chosen one, else the one below the tuned LR that M7 judges."""
    tuned = shown.lr_index_of(arm)
    if shown.wanted_lr_index is not None:
        return tuned
    lrs = shown.spec.arm(arm).lrs
    wanted = math.log2(lrs[tuned]) - OCTAVES_BELOW_TUNED
    # Only runs with curvature are checked: an empty figure would hide that there is a check.
    counts = arm_sizes_by_rate(shown, shown.cells, Metric.COORDINATE_CHANGE, arm)
    full = [index for index, count in enumerate(counts) if count == max(counts)]
    return min(full, key=lambda index: abs(math.log2(lrs[index]) - wanted))


def _changes(shown: ShownRuns, cells: Sequence[CellRow], arm: Parametrization) -> dict[int, Values]:
    """Return the changes of the runs of each width, [S, K]; widths without values are absent."""
    found: dict[int, list[Values]] = {}
    lr_index = shown_lr_index(shown, arm)
    for cell in cells:
        if cell.parametrization != arm or cell.width not in shown.widths:
            continue
        schedule = shown.spec.schedule(cell.chunk_steps)
        steps, values = shown.evidence.values(cell, Metric.COORDINATE_CHANGE, schedule, to_step=0)
        if len(steps):
            positions = [run.position for run in shown.runs_at(cell.id, lr_index)]
            found.setdefault(cell.width, []).append(values[0, positions].astype(float))
    joined = {width: np.concatenate(parts) for width, parts in sorted(found.items())}
    return {width: changes_SK for width, changes_SK in joined.items() if len(changes_SK)}


def _lines(arm: Parametrization, part: Part, changes: dict[int, Values]) -> list[CoordinateLine]:
    lines = []
    for num_updates in SHOWN_UPDATES:
        component = component_of(part, num_updates)
        finite = {width: of[np.isfinite(of[:, component]), component] for width, of in changes.items()}
        alive = {width: values for width, values in finite.items() if len(values)}
        if alive:
            line = CoordinateLine(
                arm, part, num_updates, tuple(alive),
                tuple(float(values.mean()) for values in alive.values()),
                tuple(float(values.min()) for values in alive.values()),
                tuple(float(values.max()) for values in alive.values()),
                tuple(len(values) for values in alive.values()), _limit(arm, part, num_updates),
            )  # fmt: skip
            lines.append(line)
    return lines


def _limit(arm: Parametrization, part: Part, num_updates: int) -> float | None:
    """Return the theoretical slope in the limit of large widths: the upper end of the expected range."""
    expected = expected_slope(arm, part, num_updates)
    return expected.high if expected is not None and math.isfinite(expected.high) else None
