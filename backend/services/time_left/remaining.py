"""Remaining work: open cells, corrected for diverged runs, and cells not planned yet."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from muscope.backend.db import cells as cell_rows
from muscope.backend.db.cells import RunLife
from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.cost.calibration import kind_of
from muscope.backend.domain.cost.coming import arm_key, coming_work, extra_shares
from muscope.backend.domain.cost.divergence import (
    DivergenceCount,
    PlannedWork,
    done_and_left,
    lived_share,
    survival,
)
from muscope.backend.domain.cost.prediction import CostedCell
from muscope.backend.domain.cost.time_left import CellWork, Course, LaterWork
from muscope.backend.domain.lifecycle import OPEN_CELL_STATES, CellState
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.protocol import foreseen_batches
from muscope.backend.domain.protocol.evidence import CellGroup, Evidence
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.divergence_counts import divergence_counts_on
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.protocol_evidence import protocol_evidence
from muscope.backend.services.plans.draft import cost, runs_per_cell
from muscope.backend.services.time_left.budget import running_seconds


@dataclass(frozen=True)
class Remaining:
    """Planned cells, in the order in which they ended, and expected further cells.

    Attributes:
        divergence: counts of diverged runs on this data, which costs depend on.
    """

    course: Course
    later_cells: list[CostedCell]
    divergence: tuple[DivergenceCount, ...]


def remaining_of(context: Context, evidence: ExperimentEvidence, capacity: Capacity) -> Remaining:
    """Return what is done and left, as of now."""
    spec, rows, now = evidence.spec, evidence.cells, context.now()
    divergence = divergence_counts_on(evidence)
    lives: dict[UUID, list[RunLife]] = defaultdict(list)
    for run in cell_rows.run_lives(evidence.session, evidence.experiment.id):
        lives[run.cell_id].append(run)
    in_order = sorted(rows, key=lambda row: (row.finished_at is None, row.finished_at or now))
    works = [_work(spec, row, lives[row.id], divergence, now) for row in in_order]
    known = context.caches.evidence.get(_mark(evidence), lambda: protocol_evidence(evidence))
    split = runs_per_cell(context, spec, evidence.shape, capacity)
    batches = [
        cost(spec, evidence.shape, batch, capacity, divergence)
        for batch in foreseen_batches(spec, known, max_runs_per_cell=split)
    ]
    widening = _widening(spec, known, list(zip(in_order, works, strict=True)))
    is_open = {row.group for row in rows if row.state in OPEN_CELL_STATES}
    return Remaining(
        Course(works, [*widening, *coming_work(spec, known, batches, is_open)], capacity.pace),
        [costed for batch in batches for costed in batch],
        divergence,
    )


def _mark(evidence: ExperimentEvidence) -> str:
    """Return a key of the statistics' inputs: the cells, and those of them that have ended."""
    states = sorted(f"{row.id} {row.state in OPEN_CELL_STATES} {row.state}" for row in evidence.cells)
    head = f"{evidence.experiment.id} {evidence.experiment.look}"
    return hashlib.sha256("\n".join([head, *states]).encode()).hexdigest()


def _work(
    spec: ExperimentSpec,
    row: CellRow,
    runs: Sequence[RunLife],
    divergence: Sequence[DivergenceCount],
    now: datetime,
) -> CellWork:
    num_steps = spec.under(row.scenario).num_steps
    planned = PlannedWork(row.predicted_seconds, row.start_share, row.stack_share, row.living)
    dead = {
        group: lived_share(num_steps, run.diverged_at)
        for group, run in enumerate(runs)
        if run.diverged_at is not None
    }
    steps = (row.committed_step + 1) / (num_steps + 1)
    done, left = done_and_left(planned, survival(spec, _cell(row, runs), divergence), dead, steps, num_steps)
    return CellWork(
        kind=kind_of(spec.model.name, row.width, has_curvature=row.has_curvature),
        state=row.state,
        predicted_seconds=done + left,
        spent_seconds=row.spent_seconds + running_seconds(row, now),
        share_done=done / (done + left) if done + left > 0 else 0.0,
        arm_key=arm_key(row.group),
        turn=_turn(row),
    )


def _turn(row: CellRow) -> float:
    """Return a cell's place in the queue: a running one has left it, one not told of is not in it yet."""
    if row.state == CellState.RUNNING:
        return -math.inf
    return math.inf if row.dispatched_at is None else row.dispatched_at.timestamp()


def _cell(row: CellRow, runs: Sequence[RunLife]) -> PlannedCell:
    planned = tuple(PlannedRun(run.lr_index, run.lr, run.seed) for run in runs)
    return PlannedCell(*row.group[:2], row.width, row.depth, planned)


def _widening(
    spec: ExperimentSpec, evidence: Evidence, planned: Sequence[tuple[CellRow, CellWork]]
) -> list[LaterWork]:
    """Return the further work expected of groups with open cells once these have ended: batch 0."""
    is_open = {row.group for row, work in planned if work.is_open}
    plain = [(row, work) for row, work in planned if not row.has_curvature and row.group in is_open]
    extras = extra_shares(spec, evidence, ((row.group, row.num_runs) for row, _ in plain))
    seconds: dict[tuple[CellGroup, str], float] = defaultdict(float)
    for row, work in plain:
        seconds[row.group, work.kind] += work.predicted_seconds * extras[row.group]
    return [LaterWork(kind, more, arm_key(group)) for (group, kind), more in seconds.items() if more > 0]


def within_seconds(later: Sequence[LaterWork], left: float) -> list[LaterWork]:
    """Return the later work that the rest of a budget pays for; the last item may be cut short."""
    kept = []
    for work in later:
        kept.append(replace(work, seconds=max(0.0, min(work.seconds, left))))
        left -= work.seconds
    return kept
