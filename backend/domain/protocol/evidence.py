"""Evidence of an experiment for the protocol: runs and statistics by cell group, without arrays.

Built by `analysis.verdict.group_statistics`. The protocol decides from it and from the spec alone. Learning
rates are identified by their `lr_index`, the index in the arm's own grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.spec.experiment import ExperimentSpec, base_size
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size

# (lr_index, seed)
RunKey = tuple[int, int]
NO_RUNS: frozenset[RunKey] = frozenset()


class CellGroup(NamedTuple):
    """Key of the cells of one size under one arm and scenario; memory may split them into several."""

    scenario: Scenario
    parametrization: Parametrization
    size: Size


def base_group(spec: ExperimentSpec, group: CellGroup) -> CellGroup:
    """Return the group whose LR is reused in another one."""
    return CellGroup(group.scenario.tuned_under, group.parametrization, base_size(spec))


def group_of(cell: PlannedCell) -> CellGroup:
    """Return the group a planned cell belongs to."""
    return CellGroup(cell.scenario, cell.parametrization, Size(cell.width, cell.depth))


@dataclass(frozen=True)
class Settling:
    """State of a target for the settle stage.

    Attributes:
        is_open: its cost is neither shown to be within its limit nor to exceed it.
        contenders: the LRs whose losses decide that: the reused one, the best, and rivals that may be better
            by more than the limit.
        num_seeds: that the reused LR has.
        seeds_needed: at which the interval would lie on one side of the limit, at an unchanged centre.
    """

    is_open: bool = False
    contenders: frozenset[int] = frozenset()
    num_seeds: int = 0
    seeds_needed: float = 0.0


@dataclass(frozen=True)
class GroupStatistics:
    """Statistics of the LRs tried in a cell group; empty while a run of it is open.

    Attributes:
        best: the best LR by loss, of those tried with all the seeds planned there; a loss that cannot be
            tuned on (nothing learned, or interpolated) is left out.
        carried: of a base, the LR that is reused on larger sizes.
        fails: by the rules, reusing the base's LR fails at this size, at the level of the verdict.
        exceeds: the cost of reuse is shown to exceed its limit here, or reuse fails.
        fails_early: it fails at the smaller level of an interim look (ADR 0021).
        curvature_lr: of a base, the LR at which sizes can be compared by sharpness: the reused one, or a
            lower one where the base is at the edge of stability there.
        settling: of the target of an axis, what more seeds could settle; None at other sizes.
    """

    best: Mapping[Metric, int] = field(default_factory=dict)
    carried: int | None = None
    fails: bool = False
    exceeds: bool = False
    fails_early: bool = False
    curvature_lr: int | None = None
    settling: Settling | None = None


@dataclass(frozen=True)
class GroupEvidence:
    """State of the runs planned in a cell group.

    Attributes:
        finished: runs with a result; a diverged run has one.
        open: queued or running.
        lost: runs that get no result, since their cell failed, was cancelled or was skipped.
        num_cells: number of cells that hold these runs.
    """

    finished: frozenset[RunKey] = NO_RUNS
    open: frozenset[RunKey] = NO_RUNS
    lost: frozenset[RunKey] = NO_RUNS
    num_cells: int = 0
    statistics: GroupStatistics = GroupStatistics()

    @property
    def planned(self) -> frozenset[RunKey]:
        """Return all planned runs, none of which may be planned again."""
        return self.finished | self.open | self.lost


NOTHING = GroupEvidence()


@dataclass(frozen=True)
class Evidence:
    """Evidence of every cell group with a planned run, and the cells that are still queued.

    `granted_seeds`: seeds of one LR that a user allowed after the plan's end, to settle what was open.
    """

    groups: Mapping[CellGroup, GroupEvidence] = field(default_factory=dict)
    queued: Mapping[UUID, CellGroup] = field(default_factory=dict)
    granted_seeds: int = 0

    def at(self, group: CellGroup) -> GroupEvidence:
        """Return the evidence of a group; empty where no run is planned."""
        return self.groups.get(group, NOTHING)

    @property
    def has_open(self) -> bool:
        """Return whether a run is queued or running."""
        return any(group.open for group in self.groups.values())
