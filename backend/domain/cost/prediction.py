"""Predicted cost of a cell, from its shapes and a device's calibration; `memory.py` predicts its memory.

The unit of compute is the second of one worker slot. The work of each kind of pass is in `effort.py`,
corrections learned from finished cells in `calibration.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from muscope.backend.domain.cost.calibration import Learned, kind_of
from muscope.backend.domain.cost.divergence import DivergenceCount, PlannedWork, mean_living, survival
from muscope.backend.domain.cost.effort import Sized
from muscope.backend.domain.cost.memory import cell_bytes, has_factorised_kernel, stacked_runs
from muscope.backend.domain.protocol.grid import PlannedCell
from muscope.backend.domain.spec.dataset import DatasetShape, num_validated
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.measures import Measure, measure_hvps

# Measured (docs/log.md): mean Hessian-vector products of a warm sharpness value, of the first, which starts
# from noise, and of the audits, every tenth value.
HVPS_PER_WARM_VALUE, HVPS_PER_COLD_VALUE, HVPS_PER_AUDIT, AUDIT_EVERY = 5.5, 13.0, 8.0, 10
# With one output the largest eigenvalue is well separated and Lanczos needs fewer products; measured.
ONE_OUTPUT_HVPS = 0.75
# Cost of Lanczos and the element-wise work, in columns of the tangent kernel's size; measured.
KERNEL_COLUMNS = 256
# Products with J C Jᵀ for the kernel of any family: about 5 blocks of 8.
KERNEL_PRODUCTS = 40
# Seconds of a cell apart from its runs: claim, data, last commit; measured, docs/log.md 2026-11-24.
CELL_SECONDS = 0.1
# Seconds of work after which a chunk should close, so that a viewer sees the curve grow.
SECONDS_PER_CHUNK = 1.0
MAX_CHUNK_STEPS = 1000


@dataclass(frozen=True)
class Calibration:
    """Speed of one worker slot. The defaults are conservative constants for an unknown machine.

    Attributes:
        flops_per_second: of large matrix products, the unit of `effort`.
        seconds_per_run_step: overhead of a run's training step, in a stack of narrow networks.
        learned: corrections from finished cells on this device, by `calibration.kind_of`.
    """

    flops_per_second: float = 4.0e10
    seconds_per_run_step: float = 25e-6
    learned: Mapping[str, Learned] = field(default_factory=dict)

    def correction(self, kind: str) -> float:
        """Return the factor of actual over predicted time of cells of this kind."""
        return self.learned[kind].factor() if kind in self.learned else 1.0


DEFAULT_CALIBRATION = Calibration()


@dataclass(frozen=True)
class CellCost:
    """Predicted cost of a cell on one worker slot.

    Attributes:
        seconds: with the factor `correction` applied.
        work: the same seconds, by their dependence on surviving runs; None where that is unknown.
    """

    seconds: float
    num_bytes: int
    chunk_steps: int
    correction: float = 1.0
    num_runs: int = 0
    work: PlannedWork | None = None

    @property
    def planned(self) -> PlannedWork:
        """Return the seconds by their dependence on surviving runs; where unknown, all go with the steps."""
        return self.work or PlannedWork(self.seconds)


CostedCell = tuple[PlannedCell, CellCost]


def predict(
    spec: ExperimentSpec,
    shape: DatasetShape,
    cell: PlannedCell,
    calibration: Calibration,
    divergence: Sequence[DivergenceCount] = (),
) -> CellCost:
    """Predict time, memory and the chunk length of `cell`, under the conditions of its scenario.

    Args:
        divergence: counts of runs that survived or diverged at similar LRs.
    """
    under, runs = spec.under(cell.scenario), len(cell.runs)
    living = mean_living(under.num_steps, survival(spec, cell, divergence))
    work = _work_of(under, shape, cell, calibration)
    seconds = work.start + work.stacks + living * work.runs
    kind = kind_of(spec.model.name, cell.width, has_curvature=cell.has_curvature)
    correction = calibration.correction(kind)
    per_step = seconds * correction / (under.num_steps + 1)
    chunk_steps = min(max(1, round(SECONDS_PER_CHUNK / per_step)), MAX_CHUNK_STEPS, under.num_steps + 1)
    num_bytes = cell_bytes(under, shape, cell.width, cell.depth, runs)
    planned = PlannedWork(seconds * correction, work.start / seconds, work.stacks / seconds, living)
    return CellCost(planned.seconds, num_bytes, chunk_steps, correction, runs, planned)


class _Work(NamedTuple):
    """Seconds of a cell's work: at step 0 without training, and after it for its stacks and for its runs."""

    start: float
    stacks: float
    runs: float


def _work_of(spec: ExperimentSpec, shape: DatasetShape, cell: PlannedCell, calibration: Calibration) -> _Work:
    sized, runs = Sized(spec.model, shape.dims, cell.width, cell.depth), len(cell.runs)
    flops, overheads = zip(*_passes(spec, shape, cell, sized), strict=True)
    at_start, later = (runs * each / calibration.flops_per_second for each in flops)
    waits_at_start, waits = (each * calibration.seconds_per_run_step for each in overheads)
    if per_stack := sized.efforts.per_stack:
        stacks = per_stack * math.ceil(runs / stacked_runs(spec.model, cell.width))
        return _Work(CELL_SECONDS + at_start + stacks * waits_at_start, stacks * waits, later)
    return _Work(CELL_SECONDS + at_start + runs * waits_at_start, 0.0, later + runs * waits)


class _Passes(NamedTuple):
    """Passes of one run or stack: flops of a large matrix product, multiples of a device's step overhead."""

    flops: float
    overheads: float


def _passes(
    spec: ExperimentSpec, shape: DatasetShape, cell: PlannedCell, sized: Sized
) -> tuple[_Passes, _Passes]:
    """Return the passes of step 0 without its training, and those of all later steps."""
    num_values, efforts = spec.schedule(1).num_measurements(), sized.efforts
    first = _values(spec, shape, cell, sized, 1, HVPS_PER_COLD_VALUE)
    if Measure.COORDINATE_CHECK in spec.measures:
        check = sized.check_flops(spec.sharpness_batch_size), efforts.check.overheads
        first = _Passes(first.flops + check[0], first.overheads + check[1])
    warm_hvps = num_sharpness_hvps(num_values) - HVPS_PER_COLD_VALUE
    later = _values(spec, shape, cell, sized, num_values - 1, warm_hvps)
    moments = spec.optimizer.num_moments
    steps = sized.step_flops(spec.batch_size, moments), efforts.step.overheads * sized.starts(moments)
    return first, _Passes(
        later.flops + spec.num_steps * steps[0], later.overheads + spec.num_steps * steps[1]
    )


def _values(
    spec: ExperimentSpec,
    shape: DatasetShape,
    cell: PlannedCell,
    sized: Sized,
    num_values: int,
    sharpness_hvps: float,
) -> _Passes:
    """Return the passes of `num_values` measurements."""
    flops = num_values * sized.validation_flops(num_validated(shape.dims, shape.num_val))
    overheads = num_values * sized.efforts.validation.overheads
    if cell.has_curvature:
        sharpness_hvps *= ONE_OUTPUT_HVPS if shape.num_outputs == 1 else 1.0
        products = sharpness_hvps + num_values * measure_hvps(spec.measures)
        flops += products * sized.product_flops(spec.sharpness_batch_size)
        flops += num_values * kernel_flops(spec, shape, cell)
        overheads += products * sized.efforts.product.overheads * sized.starts()
    return _Passes(flops, overheads)


def num_sharpness_hvps(num_values: int) -> float:
    """Return the Hessian-vector products of a run's sharpness at `num_values` measurements."""
    num_audits = (num_values - 1) // AUDIT_EVERY
    num_warm = num_values - 1 - num_audits
    return HVPS_PER_COLD_VALUE + num_audits * HVPS_PER_AUDIT + num_warm * HVPS_PER_WARM_VALUE


def kernel_flops(spec: ExperimentSpec, shape: DatasetShape, cell: PlannedCell) -> float:
    """Count the flops of the tangent kernel of one run.

    The factorised kernel takes one Gram matrix per layer, then Lanczos on their sum; otherwise one product
    per row of a block.
    """
    if Measure.NTK not in spec.measures:
        return 0.0
    if not has_factorised_kernel(spec):
        sized = Sized(spec.model, shape.dims, cell.width, cell.depth)
        return KERNEL_PRODUCTS * sized.product_flops(spec.sharpness_batch_size)
    rows = spec.sharpness_batch_size * shape.num_outputs
    return 2.0 * rows * rows * (cell.width * (cell.depth + 1) + KERNEL_COLUMNS)


def in_starting_order(cells: Sequence[CostedCell]) -> list[CostedCell]:
    """Order cells for the queue: the cheapest first, so that a curve appears soon, then by falling cost."""
    by_cost = sorted(cells, key=lambda item: -item[1].seconds)
    return by_cost[-1:] + by_cost[:-1]


def wall_seconds(cell_seconds: list[float], *, slots: int) -> float:
    """Predict the wall time of cells started largest first on `slots` equal slots."""
    finish = [0.0] * max(1, slots)
    for seconds in sorted(cell_seconds, reverse=True):
        earliest = finish.index(min(finish))
        finish[earliest] += seconds
    return max(finish)
