"""What is left of an experiment: of its planned cells by which runs live, and the cells expected besides."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from backend.db import cells as cell_rows
from backend.db import datasets as dataset_rows
from backend.db.cells import RunLife
from backend.db.session import Session
from backend.db.tables import CellRow, ExperimentRow
from backend.domain.calibration import kind_of
from backend.domain.cost import CostedCell
from backend.domain.defaults import Workplace
from backend.domain.evidence import Evidence, Place, place_of
from backend.domain.experiment import ExperimentSpec
from backend.domain.grid import PlannedCell, PlannedRun
from backend.domain.lifecycle import OPEN_CELL_STATES, CellState
from backend.domain.living import PlannedWork, Trial, done_and_left, lived_share, survival
from backend.domain.parametrization import Parametrization
from backend.domain.progress import CellWork, LaterWork
from backend.domain.protocol import foreseen_cells, further_runs
from backend.domain.scenario import Scenario
from backend.domain.size import Size
from backend.services.builds import Builds
from backend.services.planning import cost
from backend.services.progress import load_evidence
from backend.services.spending import running_seconds
from backend.services.trials import trials_on

# Small; what the statistics say changes only when a cell ends.
_evidence: Builds[Evidence] = Builds(64)


@dataclass(frozen=True)
class Remaining:
    """The planned cells, in the order in which they ended, and what is expected besides.

    Attributes:
        trials: which runs have diverged on this data, as costs rest on it.
    """

    works: list[CellWork]
    later: list[LaterWork]
    later_cells: list[CostedCell]
    trials: tuple[Trial, ...]


def remaining_of(
    session: Session, experiment: ExperimentRow, rows: Sequence[CellRow], place: Workplace, now: datetime
) -> Remaining:
    """Return what is done and left, as of now."""
    spec = ExperimentSpec.model_validate(experiment.spec)
    trials = trials_on(session, experiment.dataset_id, spec)
    lives: dict[UUID, list[RunLife]] = defaultdict(list)
    for run in cell_rows.run_lives(session, experiment.id):
        lives[run.cell_id].append(run)
    in_order = sorted(rows, key=lambda row: (row.finished_at is None, row.finished_at or now))
    works = [_work(spec, row, lives[row.id], trials, now) for row in in_order]
    evidence = _evidence.get(_mark(experiment, rows), lambda: load_evidence(session, experiment))
    shape = dataset_rows.shape_of(session, experiment.dataset_id)
    later = cost(spec, shape, foreseen_cells(spec, evidence), place, trials)
    planned = list(zip(in_order, works, strict=True))
    return Remaining(
        works, [*_later(spec, evidence, later), *_widening(spec, evidence, planned)], later, trials
    )


def place_of_row(row: CellRow) -> Place:
    """Return where a cell belongs."""
    return Place(Scenario(row.scenario), Parametrization(row.parametrization), Size(row.width, row.depth))


def _mark(experiment: ExperimentRow, rows: Sequence[CellRow]) -> str:
    """Name what the statistics rest on: which cells there are, and which of them have ended."""
    states = sorted(f"{row.id} {row.state in OPEN_CELL_STATES} {row.state}" for row in rows)
    return hashlib.sha256("\n".join([str(experiment.id), *states]).encode()).hexdigest()


def _work(
    spec: ExperimentSpec, row: CellRow, runs: Sequence[RunLife], trials: Sequence[Trial], now: datetime
) -> CellWork:
    num_steps = spec.under(Scenario(row.scenario)).num_steps
    planned = PlannedWork(row.predicted_seconds, row.start_share, row.stack_share, row.living)
    dead = {
        place: lived_share(num_steps, run.diverged_at)
        for place, run in enumerate(runs)
        if run.diverged_at is not None
    }
    steps = (row.committed_step + 1) / (num_steps + 1)
    done, left = done_and_left(planned, survival(spec, _cell(row, runs), trials), dead, steps, num_steps)
    return CellWork(
        kind=kind_of(spec.model.name, row.width, has_curvature=row.has_curvature),
        state=CellState(row.state),
        predicted_seconds=done + left,
        spent_seconds=row.spent_seconds + running_seconds(row, now),
        share_done=done / (done + left) if done + left > 0 else 0.0,
        strand=_strand(place_of_row(row)),
    )


def _cell(row: CellRow, runs: Sequence[RunLife]) -> PlannedCell:
    planned = tuple(PlannedRun(run.lr_index, run.lr, run.seed) for run in runs)
    return PlannedCell(*place_of_row(row)[:2], row.width, row.depth, planned)


def _strand(place: Place) -> str:
    return f"{place.scenario} {place.parametrization}"


def _later(spec: ExperimentSpec, evidence: Evidence, cells: Sequence[CostedCell]) -> list[LaterWork]:
    plain = [(place_of(cell), len(cell.runs)) for cell, _ in cells if not cell.has_curvature]
    extras = _extras(spec, evidence, plain)
    return [
        LaterWork(
            kind_of(spec.model.name, cell.width, has_curvature=cell.has_curvature),
            each.seconds * (1 + (0.0 if cell.has_curvature else extras[place_of(cell)])),
            _strand(place_of(cell)),
            cell.stage,
        )
        for cell, each in cells
    ]


def _widening(
    spec: ExperimentSpec, evidence: Evidence, planned: Sequence[tuple[CellRow, CellWork]]
) -> list[LaterWork]:
    """Return what places with open cells are expected to want once these have ended."""
    is_open = {place_of_row(row) for row, work in planned if work.is_open}
    plain = [(row, work) for row, work in planned if not row.has_curvature and place_of_row(row) in is_open]
    extras = _extras(spec, evidence, [(place_of_row(row), row.num_runs) for row, _ in plain])
    return [
        LaterWork(work.kind, work.predicted_seconds * extras[place], _strand(place))
        for row, work in plain
        if extras[place := place_of_row(row)] > 0
    ]


def _extras(
    spec: ExperimentSpec, evidence: Evidence, runs: Sequence[tuple[Place, int]]
) -> dict[Place, float]:
    """Return, per place, the expected further runs as a share of these runs there."""
    counts: dict[Place, int] = defaultdict(int)
    for place, num_runs in runs:
        counts[place] += num_runs
    return {place: further_runs(spec, evidence, place, count) / count for place, count in counts.items()}


def within_seconds(later: Sequence[LaterWork], left: float) -> list[LaterWork]:
    """Return what the rest of a budget leaves of later work: the last of it may be cut short."""
    kept = []
    for work in later:
        kept.append(replace(work, seconds=max(0.0, min(work.seconds, left))))
        left -= work.seconds
    return kept
