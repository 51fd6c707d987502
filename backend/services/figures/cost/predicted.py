"""Contents of the figure of predicted against measured time: the cells' stored seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.size import Size
from muscope.backend.figures.cost.predicted_seconds import PredictedInfo, TimedPart

_WITHOUT_RESULT = frozenset({CellState.FAILED, CellState.CANCELLED})


def predicted_info(cells: Sequence[CellRow]) -> PredictedInfo:
    """Return the ended cells of all scenarios by stage, arm and size; those without a prediction left out."""
    timed: dict[tuple[Parametrization, Size, int], list[CellRow]] = defaultdict(list)
    for cell in cells:
        if cell.state == CellState.COMPLETED and cell.predicted_seconds > 0 and cell.spent_seconds > 0:
            timed[cell.parametrization, cell.size, cell.stage].append(cell)
    parts = tuple(
        TimedPart(
            arm, size, stage,
            sum(cell.predicted_seconds for cell in of), sum(cell.spent_seconds for cell in of), len(of),
        )
        for (arm, size, stage), of in sorted(timed.items())
    )  # fmt: skip
    running = [(cell.parametrization, cell.size) for cell in cells if cell.state == CellState.RUNNING]
    return PredictedInfo(
        tuple(dict.fromkeys(cell.parametrization for cell in cells)),
        tuple(sorted({cell.size for cell in cells})),
        parts,
        tuple(dict.fromkeys(running)),
        sum(cell.state == CellState.QUEUED for cell in cells),
        sum(cell.state in _WITHOUT_RESULT for cell in cells),
    )
