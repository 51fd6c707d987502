"""Remaining work: open cells, corrected for diverged runs, and cells not planned yet."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from muscope.backend.db import cells as cell_rows
from muscope.backend.db.cells import RunLife
from muscope.backend.db.tables import CellRow
from muscope.backend.domain.cost.calibration import kind_of
from muscope.backend.domain.cost.divergence import (
    DivergenceCount,
    PlannedWork,
    done_and_left,
    lived_share,
    survival,
)
from muscope.backend.domain.cost.prediction import CostedCell
from muscope.backend.domain.cost.time_left import CellWork, LaterWork
from muscope.backend.domain.lifecycle import OPEN_CELL_STATES
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.protocol import foreseen_cells, further_runs
from muscope.backend.domain.protocol.evidence import CellGroup, Evidence, group_of
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.divergence_counts import divergence_counts_on
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.protocol_evidence import protocol_evidence
from muscope.backend.services.plans.draft import cost
from muscope.backend.services.time_left.budget import running_seconds


@dataclass(frozen=True)
class Remaining:
    """Planned cells, in the order in which they ended, and expected further cells.

    Attributes:
        divergence: counts of diverged runs on this data, which costs depend on.
    """

    works: list[CellWork]
    later: list[LaterWork]
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
    later = cost(spec, evidence.shape, foreseen_cells(spec, known), capacity, divergence)
    planned = list(zip(in_order, works, strict=True))
    return Remaining(
        works, [*_later(spec, known, later), *_widening(spec, known, planned)], later, divergence
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
        arm_key=_arm_key(row.group),
    )


def _cell(row: CellRow, runs: Sequence[RunLife]) -> PlannedCell:
    planned = tuple(PlannedRun(run.lr_index, run.lr, run.seed) for run in runs)
    return PlannedCell(*row.group[:2], row.width, row.depth, planned)


def _arm_key(group: CellGroup) -> str:
    return f"{group.scenario} {group.parametrization}"


def _later(spec: ExperimentSpec, evidence: Evidence, cells: Sequence[CostedCell]) -> list[LaterWork]:
    plain = [(group_of(cell), len(cell.runs)) for cell, _ in cells if not cell.has_curvature]
    extras = _extras(spec, evidence, plain)
    return [
        LaterWork(
            kind_of(spec.model.name, cell.width, has_curvature=cell.has_curvature),
            each.seconds * (1 + (0.0 if cell.has_curvature else extras[group_of(cell)])),
            _arm_key(group_of(cell)),
            cell.stage,
        )
        for cell, each in cells
    ]


def _widening(
    spec: ExperimentSpec, evidence: Evidence, planned: Sequence[tuple[CellRow, CellWork]]
) -> list[LaterWork]:
    """Return the further work expected of groups with open cells once these have ended."""
    is_open = {row.group for row, work in planned if work.is_open}
    plain = [(row, work) for row, work in planned if not row.has_curvature and row.group in is_open]
    extras = _extras(spec, evidence, [(row.group, row.num_runs) for row, _ in plain])
    return [
        LaterWork(work.kind, work.predicted_seconds * extras[group], _arm_key(group))
        for row, work in plain
        if extras[group := row.group] > 0
    ]


def _extras(
    spec: ExperimentSpec, evidence: Evidence, runs: Sequence[tuple[CellGroup, int]]
) -> dict[CellGroup, float]:
    """Return, per group, the expected further runs as a share of these runs."""
    counts: dict[CellGroup, int] = defaultdict(int)
    for group, num_runs in runs:
        counts[group] += num_runs
    return {group: further_runs(spec, evidence, group, count) / count for group, count in counts.items()}


def within_seconds(later: Sequence[LaterWork], left: float) -> list[LaterWork]:
    """Return the later work that the rest of a budget pays for; the last item may be cut short."""
    kept = []
    for work in later:
        kept.append(replace(work, seconds=max(0.0, min(work.seconds, left))))
        left -= work.seconds
    return kept
