"""A world that answers the protocol: cells end in any order and in any way, statistics say anything."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from backend.domain.evidence import Evidence, Look, Place, PlaceEvidence, place_of
from backend.domain.experiment import ExperimentSpec
from backend.domain.grid import PlannedCell
from backend.domain.lifecycle import OPEN_CELL_STATES, CellState
from backend.domain.metrics import Metric
from backend.domain.protocol import Add, Decision, Skip, Wait, next_cells

EXPERIMENT = UUID(int=7)
Looks = Callable[[Place, PlaceEvidence], Look]


class World:
    """Holds planned cells with their states; `looks` says what the statistics make of a place."""

    def __init__(self, spec: ExperimentSpec, looks: Looks, max_runs: int | None = None) -> None:
        self.spec = spec
        self.looks = looks
        self.split = dict.fromkeys(spec.widths, max_runs) if max_runs else None
        self.cells: dict[UUID, PlannedCell] = {}
        self.states: dict[UUID, CellState] = {}

    def ask(self) -> Decision:
        """Ask the protocol what comes next."""
        return next_cells(self.spec, self.evidence(), max_runs_per_cell=self.split)

    def carry_out(self, decision: Decision) -> None:
        """Plan or skip, as the conductor does."""
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
        """Let every stage end well before the next is asked for; return the stages."""
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
        """Return what is known now, with looks where nothing is open."""
        groups: dict[Place, dict[str, set[tuple[int, int]]]] = {}
        num_cells = Counter(place_of(cell) for cell in self.cells.values())
        for cell_id, cell in self.cells.items():
            of_place = groups.setdefault(place_of(cell), {"finished": set(), "open": set(), "lost": set()})
            of_place[self._group(cell_id)] |= {(run.lr_index, run.seed) for run in cell.runs}
        places = {}
        for place, of_place in groups.items():
            finished, still_open, lost = (frozenset(of_place[name]) for name in ("finished", "open", "lost"))
            found = PlaceEvidence(finished, still_open, lost, num_cells[place])
            look = Look() if found.open else self.looks(place, found)
            places[place] = replace(found, look=look)
        queued = {
            cell_id: place_of(cell)
            for cell_id, cell in self.cells.items()
            if self.states[cell_id] is CellState.QUEUED
        }
        return Evidence(places, queued)

    def _group(self, cell_id: UUID) -> str:
        state = self.states[cell_id]
        return "open" if state in OPEN_CELL_STATES else "finished" if state == "completed" else "lost"


def anything(seed: int, spec: ExperimentSpec) -> Looks:
    """Return statistics drawn at random, but always the same for the same results."""

    def look(place: Place, evidence: PlaceEvidence) -> Look:
        draw = random.Random(f"{seed} {place} {sorted(evidence.finished)}")
        lrs = sorted({lr_index for lr_index, _ in evidence.finished})
        losses = [loss for loss in (Metric.VAL_LOSS, Metric.TRAIN_LOSS) if lrs and draw.random() < 0.9]
        every = range(len(spec.arm(place.parametrization).lrs))
        return Look(
            best={loss: draw.choice(lrs) for loss in losses},
            best_of_seeds=frozenset(draw.choices(lrs, k=2)) if losses else frozenset(),
            fails=draw.random() < 0.1,
            fails_early=draw.random() < 0.1,
            curvature_lr=draw.choice([None, *every]),
        )

    return look


def valleys(optima: dict[tuple[str, int, int], int]) -> Looks:
    """Return statistics without noise: the best LR is the tried one nearest to a place's optimum.

    Args:
        optima: by (arm, width, depth), on a grid in ascending order; where a place is not named, the base's.
    """

    def look(place: Place, evidence: PlaceEvidence) -> Look:
        tried = sorted({lr_index for lr_index, _ in evidence.finished})
        if not tried:
            return Look()
        optimum = optima.get((place.parametrization, *place.size), optima[place.parametrization, 0, 0])
        best = min(tried, key=lambda index: (abs(index - optimum), index))
        return Look({Metric.VAL_LOSS: best, Metric.TRAIN_LOSS: best}, curvature_lr=best)

    return look
