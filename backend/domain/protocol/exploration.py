"""One place, LR by LR: a first window, and more of the grid while the optimum lies at its edge."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from backend.domain.evidence import NO_RUNS, Place, PlaceEvidence, RunKey
from backend.domain.protocol.lr_grid import LRGrid


@dataclass(frozen=True)
class Wish:
    """Runs to plan at a place: these LRs with these seeds, with curvature in some of the runs."""

    place: Place
    lr_indices: frozenset[int]
    seeds: tuple[int, ...]
    curved: frozenset[RunKey]
    stage: int


@dataclass(frozen=True)
class Site:
    """A place, what is known of it and what may be tried there."""

    place: Place
    evidence: PlaceEvidence
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

    def wish(
        self, lr_indices: Collection[int], seeds: Collection[int], curved: Collection[RunKey] = NO_RUNS
    ) -> Wish:
        """Ask for LRs here."""
        return Wish(self.place, frozenset(lr_indices), tuple(seeds), frozenset(curved), self.stage)


def wider(site: Site, best: Iterable[int], seeds: Collection[int]) -> frozenset[int]:
    """Return what to try besides, since one of the best LRs lacks a tried neighbour; empty: enough."""
    tried = site.tried(seeds)
    at_edge = [index for index in best if not tried.issuperset(site.grid.beside(index))]
    return site.grid.around_all(at_edge) - tried
