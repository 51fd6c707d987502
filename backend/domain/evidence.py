"""What an experiment has shown so far, as far as the protocol needs it: counts and places, no arrays.

It is built by `backend.analysis.evidence`; a stage is a function of it and of the spec, of nothing else.
Learning rates are named by their `lr_index`, the place in the arm's own grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from backend.domain.grid import PlannedCell
from backend.domain.metrics import Metric
from backend.domain.parametrization import Parametrization
from backend.domain.scenario import Scenario
from backend.domain.size import Size

# (lr_index, seed)
RunKey = tuple[int, int]
NO_RUNS: frozenset[RunKey] = frozenset()


class Place(NamedTuple):
    """Where cells belong: one size under one arm and scenario."""

    scenario: Scenario
    parametrization: Parametrization
    size: Size


def place_of(cell: PlannedCell) -> Place:
    """Return where a cell belongs."""
    return Place(cell.scenario, cell.parametrization, Size(cell.width, cell.depth))


@dataclass(frozen=True)
class Look:
    """What the statistics say of a place, of the LRs tried there; empty while anything is open.

    Attributes:
        best: the best LR by loss, of those tried with all the seeds planned there; a loss that cannot be
            tuned on (nothing learned, or interpolated) is left out.
        best_of_seeds: the LRs that are best for a seed alone, on those losses.
        fails: by the rules, reusing the base's LR fails here, at the level of the verdict.
        fails_early: it fails at the smaller level of a look that is not the last one (ADR 0021).
        curvature_lr: of a base, the LR at which sizes can be compared by sharpness: the reused one, or a
            lower one where the base is at the edge of stability there.
    """

    best: Mapping[Metric, int] = field(default_factory=dict)
    best_of_seeds: frozenset[int] = frozenset()
    fails: bool = False
    fails_early: bool = False
    curvature_lr: int | None = None


@dataclass(frozen=True)
class PlaceEvidence:
    """What became of the runs planned at a place.

    Attributes:
        finished: have a result; a diverged run has one.
        open: queued or running.
        lost: will have none, since their cell failed, was cancelled or was skipped.
        num_cells: how many cells hold them.
    """

    finished: frozenset[RunKey] = NO_RUNS
    open: frozenset[RunKey] = NO_RUNS
    lost: frozenset[RunKey] = NO_RUNS
    num_cells: int = 0
    look: Look = Look()

    @property
    def planned(self) -> frozenset[RunKey]:
        """Return every run that may not be planned again."""
        return self.finished | self.open | self.lost


NOTHING = PlaceEvidence()


@dataclass(frozen=True)
class Evidence:
    """What is known of every place with a planned run, and the cells that nobody has begun."""

    places: Mapping[Place, PlaceEvidence] = field(default_factory=dict)
    queued: Mapping[UUID, Place] = field(default_factory=dict)

    def at(self, place: Place) -> PlaceEvidence:
        """Return what is known of a place."""
        return self.places.get(place, NOTHING)

    @property
    def has_open(self) -> bool:
        """Tell whether a run is queued or running."""
        return any(place.open for place in self.places.values())
