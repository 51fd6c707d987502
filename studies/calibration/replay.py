"""Replays the staged protocol where the full grid is known: the runs it chooses and the verdict it gives.

Sweeps of the full grid answer for the workers, so that the protocol's verdict and its cost can be compared
with the full grid's on the same numbers (ADR 0021).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.analysis.sweep import Losses, Sweep, Values
from muscope.backend.analysis.verdict.group_statistics import with_statistics
from muscope.backend.domain.cost.prediction import DEFAULT_CALIBRATION, Calibration, predict
from muscope.backend.domain.lifecycle import StopReason
from muscope.backend.domain.protocol import Add, Done, next_cells
from muscope.backend.domain.protocol.evidence import CellGroup, Evidence, GroupEvidence, group_of
from muscope.backend.domain.protocol.grid import PlannedCell, full_grid
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import ExperimentSpec, Protocol
from muscope.backend.domain.spec.judging.decision import further_seeds
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario

FullSweeps = Mapping[tuple[Scenario, Parametrization], Sequence[Sweep]]
Strands = dict[tuple[Scenario, Parametrization], list[Sweep]]


@dataclass(frozen=True)
class Replay:
    """Result of a replay.

    Attributes:
        cells: what it planned, in order, each with its stage.
        stages: how often it was asked until it was done.
        sweeps: the full sweeps without what it did not run; judge these for its verdict.
        seconds, full_seconds: predicted slot-seconds of the planned cells and of the full grid.
    """

    cells: tuple[PlannedCell, ...]
    stages: int
    stop_reason: StopReason | None
    sweeps: Strands
    seconds: float
    full_seconds: float

    @property
    def share(self) -> float:
        """Return which part of the full grid's compute was needed."""
        return self.seconds / self.full_seconds


class Stage(NamedTuple):
    """Cells run when the protocol was asked, and the evidence they gave."""

    planned: tuple[PlannedCell, ...]
    evidence: Evidence


def replay(
    spec: ExperimentSpec,
    sweeps: FullSweeps,
    shape: DatasetShape,
    calibration: Calibration = DEFAULT_CALIBRATION,
    *,
    on_stage: Callable[[Stage], object] = lambda _: None,
) -> Replay:
    """Run the staged protocol with full sweeps as the results of its cells.

    Args:
        spec: its protocol is not found at.
        sweeps: of every judged scenario and arm, one per axis; probes of a horizon are answered if present.
        on_stage: told of every state in which the protocol wanted more.
    """
    staged = spec.model_copy(update={"protocol": Protocol.STAGED})
    planned: list[PlannedCell] = []
    evidence, stages = Evidence(), 0
    while isinstance(decision := next_cells(staged, evidence), Add):
        on_stage(Stage(tuple(planned), evidence))
        planned += decision.cells
        evidence = _evidence(staged, sweeps, planned, evidence)
        stages += 1
    assert isinstance(decision, Done)  # every cell has a result, so there is nothing to wait for or to skip
    return Replay(
        cells=tuple(planned),
        stages=stages,
        stop_reason=decision.stop_reason,
        sweeps=_masked(staged, sweeps, planned),
        seconds=sum(predict(spec, shape, cell, calibration).seconds for cell in planned),
        full_seconds=sum(predict(spec, shape, cell, calibration).seconds for cell in full_grid(spec)),
    )


def _evidence(
    spec: ExperimentSpec, sweeps: FullSweeps, planned: Sequence[PlannedCell], before: Evidence
) -> Evidence:
    groups: dict[CellGroup, GroupEvidence] = {}
    for cell in planned:
        known = groups.get(group_of(cell), GroupEvidence())
        runs = frozenset((run.lr_index, run.seed) for run in cell.runs)
        groups[group_of(cell)] = replace(known, finished=known.finished | runs, num_cells=known.num_cells + 1)
    masked = _masked(spec, sweeps, planned)
    return Evidence(with_statistics(groups, masked, spec.thresholds, before.groups))


def _masked(spec: ExperimentSpec, sweeps: FullSweeps, planned: Sequence[PlannedCell]) -> Strands:
    return {
        arm_key: [
            mask(sweep, spec.seeds, [cell for cell in planned if group_of(cell)[:2] == arm_key])
            for sweep in of_arm
        ]
        for arm_key, of_arm in sweeps.items()
    }


def mask(sweep: Sweep, seeds: Sequence[int], cells: Sequence[PlannedCell]) -> Sweep:
    """Return the sweep with nothing in it but what these cells of its arm have measured.

    Args:
        seeds: the spec's, in the order of the sweep's last axis.
    """
    is_run, is_curved = np.zeros_like(sweep.is_measured), np.zeros_like(sweep.is_measured)
    added = () if sweep.further is None else further_seeds(tuple(seeds), len(seeds) + sweep.further.num_seeds)
    for cell in cells:
        size = group_of(cell).size
        for run in cell.runs if size in sweep.sizes and cell.runs[0].seed in seeds else ():
            at = sweep.sizes.index(size), sweep.lr_indices.index(run.lr_index), seeds.index(run.seed)
            is_run[at], is_curved[at] = True, cell.has_curvature
    of_added = [cell for cell in cells if cell.runs[0].seed in added]

    def curves(size_index: int, lr_index: int) -> Values:
        is_there = is_run[size_index, lr_index].all()
        return sweep.train_curves(size_index, lr_index) if is_there else np.empty((0, 0))

    return replace(
        sweep,
        losses={
            loss: Losses(_where(is_run, each.final), _where(is_run, each.initial))
            for loss, each in sweep.losses.items()
        },
        diverged_at=np.where(is_run, sweep.diverged_at, -1),
        is_measured=sweep.is_measured & is_run,
        is_planned=is_run,
        sharpness=_where(is_curved[..., None], sweep.sharpness),
        coordinate_changes=_where_any(is_run, sweep.coordinate_changes),
        initial_activations=_where_any(is_run, sweep.initial_activations),
        train_curves=curves,
        further=mask(sweep.further, added, of_added) if sweep.further is not None and of_added else None,
    )


def _where(is_kept: NDArray[np.bool_], values: Values) -> Values:
    kept: Values = np.where(is_kept, values, np.nan)
    return kept


def _where_any(is_run: NDArray[np.bool_], values: Values | None) -> Values | None:
    return None if values is None else _where(is_run[..., None], values)
