"""Simulated world for the protocol: cells end in any order and state, with any statistics."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from muscope.backend.domain.lifecycle import OPEN_CELL_STATES, CellState
from muscope.backend.domain.protocol import Add, Decision, Skip, Wait, next_cells
from muscope.backend.domain.protocol.evidence import (
    CellGroup,
    Evidence,
    GroupEvidence,
    GroupStatistics,
    Settling,
    group_of,
)
from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric

EXPERIMENT = UUID(int=7)
StatisticsOf = Callable[[CellGroup, GroupEvidence], GroupStatistics]


class World:
    """Planned cells with their states; `statistics_of` returns the statistics of a cell group."""

    def __init__(
        self,
        spec: ExperimentSpec,
        statistics_of: StatisticsOf,
        max_runs: int | None = None,
        granted_seeds: int = 0,
    ) -> None:
        self.spec = spec
        self.granted_seeds = granted_seeds
        self.statistics_of = statistics_of
        self.split = dict.fromkeys(spec.widths, max_runs) if max_runs else None
        self.cells: dict[UUID, PlannedCell] = {}
        self.states: dict[UUID, CellState] = {}

    def ask(self) -> Decision:
        """Return the protocol's next decision."""
        return next_cells(self.spec, self.evidence(), max_runs_per_cell=self.split)

    def carry_out(self, decision: Decision) -> None:
        """Plan or skip cells, as the conductor does."""
        if isinstance(decision, Add):
            for cell in decision.cells:
                assert cell.id_in(EXPERIMENT) not in self.cells
                self.cells[cell.id_in(EXPERIMENT)] = cell
                self.states[cell.id_in(EXPERIMENT)] = CellState.QUEUED
        elif isinstance(decision, Skip):
            for cell_id in decision.cell_ids:
                assert self.states[cell_id] is CellState.QUEUED
                self.states[cell_id] = CellState.SKIPPED

    def end(self, cell_id: UUID, state: CellState = CellState.COMPLETED) -> None:
        """End one cell."""
        self.states[cell_id] = state

    def open_cells(self) -> list[UUID]:
        """List the cells that have not ended, in the order they were planned."""
        return [cell_id for cell_id, state in self.states.items() if state in OPEN_CELL_STATES]

    def run(self) -> list[tuple[PlannedCell, ...]]:
        """Complete every stage before the next decision; return the stages."""
        stages = []
        while isinstance(decision := self.ask(), Add | Skip):
            self.carry_out(decision)
            if isinstance(decision, Add):
                stages.append(decision.cells)
            for cell_id in self.open_cells():
                self.end(cell_id)
        assert not isinstance(decision, Wait)
        return stages

    def evidence(self) -> Evidence:
        """Return the evidence so far, with statistics of groups that have ended."""
        runs: dict[CellGroup, dict[str, set[tuple[int, int]]]] = {}
        num_cells = Counter(group_of(cell) for cell in self.cells.values())
        for cell_id, cell in self.cells.items():
            of_group = runs.setdefault(group_of(cell), {"finished": set(), "open": set(), "lost": set()})
            of_group[self._fate(cell_id)] |= {(run.lr_index, run.seed) for run in cell.runs}
        groups = {}
        for group, of_group in runs.items():
            finished, still_open, lost = (frozenset(of_group[name]) for name in ("finished", "open", "lost"))
            found = GroupEvidence(finished, still_open, lost, num_cells[group])
            statistics = GroupStatistics() if found.open else self.statistics_of(group, found)
            groups[group] = replace(found, statistics=statistics)
        queued = {
            cell_id: group_of(cell)
            for cell_id, cell in self.cells.items()
            if self.states[cell_id] is CellState.QUEUED
        }
        return Evidence(groups, queued, self.granted_seeds)

    def _fate(self, cell_id: UUID) -> str:
        state = self.states[cell_id]
        return "open" if state in OPEN_CELL_STATES else "finished" if state == "completed" else "lost"


def anything(seed: int, spec: ExperimentSpec) -> StatisticsOf:
    """Return a function that gives random statistics, equal for equal results."""

    def statistics(group: CellGroup, evidence: GroupEvidence) -> GroupStatistics:
        draw = random.Random(f"{seed} {group} {sorted(evidence.finished)}")
        lrs = sorted({lr_index for lr_index, _ in evidence.finished})
        losses = [loss for loss in (Metric.VAL_LOSS, Metric.TRAIN_LOSS) if lrs and draw.random() < 0.9]
        every = range(len(spec.arm(group.parametrization).lrs))
        reused = draw.choice(lrs) if losses else None
        return GroupStatistics(
            best={loss: draw.choice(lrs) for loss in losses},
            carried=reused,
            fails=draw.random() < 0.1,
            exceeds=draw.random() < 0.3,
            fails_early=draw.random() < 0.1,
            curvature_lr=draw.choice([None, *every]),
            settling=None if reused is None else _any_settling(draw, evidence, reused),
        )

    return statistics


def _any_settling(draw: random.Random, evidence: GroupEvidence, reused: int) -> Settling:
    lrs = sorted({lr_index for lr_index, _ in evidence.finished})
    return Settling(
        is_open=draw.random() < 0.7,
        contenders=frozenset({reused, *draw.choices(lrs, k=2)}),
        num_seeds=num_seeds_at(evidence, reused),
        seeds_needed=draw.choice([4.0, 40.0, 400.0]),
    )


def num_seeds_at(evidence: GroupEvidence, lr_index: int) -> int:
    """Count the seeds that have ended with a result at an LR."""
    return sum(index == lr_index for index, _ in evidence.finished)


def valleys(optima: dict[tuple[str, int, int], int]) -> StatisticsOf:
    """Return a function that gives noiseless statistics: the best LR is the one tried nearest to the optimum.

    Args:
        optima: by (arm, width, depth), on a grid in ascending order; a group that is not named has the
            base's.
    """

    def statistics(group: CellGroup, evidence: GroupEvidence) -> GroupStatistics:
        tried = sorted({lr_index for lr_index, _ in evidence.finished})
        if not tried:
            return GroupStatistics()
        optimum = optima.get((group.parametrization, *group.size), optima[group.parametrization, 0, 0])
        best = min(tried, key=lambda index: (abs(index - optimum), index))
        return GroupStatistics({Metric.VAL_LOSS: best, Metric.TRAIN_LOSS: best}, curvature_lr=best)

    return statistics
