"""LR windows: the learning rates tried at a size, widened while its optimum lies at their edge."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from muscope.backend.domain.protocol.evidence import NO_RUNS, CellGroup, GroupEvidence, RunKey
from muscope.backend.domain.protocol.lr_grid import LRGrid


@dataclass(frozen=True)
class PlannedRuns:
    """Runs to add to a cell group: these LRs with these seeds; `curved` of them measure curvature."""

    group: CellGroup
    lr_indices: frozenset[int]
    seeds: tuple[int, ...]
    curved: frozenset[RunKey]
    stage: int


@dataclass(frozen=True)
class SizeWindow:
    """Cell group with its evidence and the LR grid it may draw from."""

    group: CellGroup
    evidence: GroupEvidence
    grid: LRGrid
    stage: int

    def tried(self, seeds: Collection[int]) -> frozenset[int]:
        """Return the LRs that are planned with all of these seeds."""
        return self._with_all(self.evidence.planned, seeds)

    def complete(self, seeds: Collection[int]) -> frozenset[int]:
        """Return the LRs that have a result for each of these seeds."""
        return self._with_all(self.evidence.finished, seeds)

    def _with_all(self, runs: Collection[tuple[int, int]], seeds: Collection[int]) -> frozenset[int]:
        indices = range(len(self.grid.lrs))
        return frozenset(i for i in indices if all((i, seed) in runs for seed in seeds))

    def plan(
        self, lr_indices: Collection[int], seeds: Collection[int], curved: Collection[RunKey] = NO_RUNS
    ) -> PlannedRuns:
        """Return a plan for these LRs and seeds at this size."""
        return PlannedRuns(self.group, frozenset(lr_indices), tuple(seeds), frozenset(curved), self.stage)


def wider(window: SizeWindow, best: Iterable[int], seeds: Collection[int]) -> frozenset[int]:
    """Return the LRs to add, since one of the best LRs lacks a tried neighbour; empty if none does."""
    tried = window.tried(seeds)
    at_edge = [index for index in best if not tried.issuperset(window.grid.beside(index))]
    return window.grid.around_all(at_edge) - tried
