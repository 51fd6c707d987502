"""How the grid is spent: a pure function of the spec and of what has been shown so far.

`next_cells` is asked when no cell of the last stage is open any more. The full grid is its one-stage case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from backend.domain.experiment import ExperimentSpec
from backend.domain.grid import PlannedCell, full_grid
from backend.domain.lifecycle import CellState


@dataclass(frozen=True)
class Evidence:
    """What the cells planned so far have come to: the state of each, by cell id."""

    cells: dict[UUID, CellState]


@dataclass(frozen=True)
class Add:
    """Plan these cells next."""

    cells: tuple[PlannedCell, ...]


@dataclass(frozen=True)
class Skip:
    """These queued cells can no longer change the answer."""

    cell_ids: tuple[UUID, ...]


@dataclass(frozen=True)
class Done:
    """Nothing is left to plan."""


Decision = Add | Skip | Done


def next_cells(
    spec: ExperimentSpec,
    evidence: Evidence,
    *,
    experiment_id: UUID,
    max_runs_per_cell: dict[int, int] | None = None,
) -> Decision:
    """Return what to do next; never names a cell that the evidence already holds."""
    grid = full_grid(spec, max_runs_per_cell=max_runs_per_cell)
    missing = tuple(_unplanned(grid, evidence.cells, experiment_id))
    return Add(missing) if missing else Done()


def _unplanned(
    grid: Iterable[PlannedCell], planned: dict[UUID, CellState], experiment_id: UUID
) -> Iterable[PlannedCell]:
    return (cell for cell in grid if cell.id_in(experiment_id) not in planned)
