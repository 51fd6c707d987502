"""How far an experiment is in time: what it has taken, and how long what is left will take.

Predictions are frozen in the cells; what cells of this very experiment took corrects what is left.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.domain.cost import wall_seconds
from backend.domain.lifecycle import OPEN_CELL_STATES, CellState

# Work that counts for the prediction itself, as a share of all: little evidence corrects little.
PRIOR_SHARE = 0.01


@dataclass(frozen=True)
class CellWork:
    """One cell's part of the work.

    Attributes:
        kind: as `calibration.kind_of` names it.
        predicted_seconds: of the whole cell, as it was planned.
        spent_seconds: slot-seconds so far, attempts that failed and the running one included.
        share_done: of its steps, 0..1.
    """

    kind: str
    state: CellState
    predicted_seconds: float
    spent_seconds: float
    share_done: float

    @property
    def done_seconds(self) -> float:
        """Return what the work that is done was predicted to take."""
        return self.predicted_seconds * self.share_done

    @property
    def is_open(self) -> bool:
        """Tell whether work is left to do."""
        return self.state in OPEN_CELL_STATES


def slowness(cells: Iterable[CellWork], prior_seconds: float, prior: float = 1.0) -> float:
    """Return actual over predicted time of what is done, `prior` as long as little is."""
    seen = [cell for cell in cells if cell.share_done > 0]
    spent, done = sum(cell.spent_seconds for cell in seen), sum(cell.done_seconds for cell in seen)
    return (spent + prior * prior_seconds) / (done + prior_seconds) if done + prior_seconds > 0 else prior


def left_seconds(cells: Sequence[CellWork]) -> list[float]:
    """Return, per open cell, the slot-seconds still to come, corrected by what this experiment has shown.

    Cells of one kind share a correction, which starts from that of the whole experiment.
    """
    prior_seconds = PRIOR_SHARE * sum(cell.predicted_seconds for cell in cells)
    overall = slowness(cells, prior_seconds)
    by_kind = {
        kind: slowness((cell for cell in cells if cell.kind == kind), prior_seconds, overall)
        for kind in {cell.kind for cell in cells}
    }
    return [
        by_kind[cell.kind] * cell.predicted_seconds * (1 - cell.share_done) for cell in cells if cell.is_open
    ]


def eta_seconds(cells: Sequence[CellWork], *, slots: int, later_seconds: float = 0.0) -> float:
    """Predict the wall time until the last open cell ends, and `later_seconds` of cells not planned yet."""
    overall = slowness(cells, PRIOR_SHARE * sum(cell.predicted_seconds for cell in cells))
    return wall_seconds(left_seconds(cells), slots=slots) + overall * later_seconds / max(1, slots)


def total_seconds(cells: Sequence[CellWork], later_seconds: float = 0.0) -> float:
    """Predict the slot-seconds of all: spent, left of the open cells, and of cells not planned yet."""
    overall = slowness(cells, PRIOR_SHARE * sum(cell.predicted_seconds for cell in cells))
    spent = sum(cell.spent_seconds for cell in cells)
    return spent + sum(left_seconds(cells)) + overall * later_seconds


def share_done(cells: Iterable[CellWork], later_seconds: float = 0.0) -> float:
    """Return the share of the predicted work that is done; what was skipped counts as neither."""
    counted = [cell for cell in cells if cell.is_open or cell.state is CellState.COMPLETED]
    total = sum(cell.predicted_seconds for cell in counted) + later_seconds
    done = sum(cell.done_seconds for cell in counted)
    return min(1.0, done / total) if total > 0 and math.isfinite(total) else 0.0
