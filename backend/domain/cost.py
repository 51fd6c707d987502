"""What a cell will cost: time from its shapes and a device's calibration; its memory is in `memory.py`.

The unit of compute is the second of one worker slot. The model family says what a forward pass of one example
takes; a training step is three forward passes, a Hessian-vector product about eight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.domain.dataset import DatasetShape, num_validated
from backend.domain.experiment import ExperimentSpec
from backend.domain.grid import PlannedCell
from backend.domain.measures import Measure, measure_hvps, measure_passes, without_curvature
from backend.domain.memory import cell_bytes, has_factorised_kernel

TRAIN_PASSES = 3.0
# With the orthogonalisation beside it, which is bound by memory; measured, docs/log.md 2026-11-23.
HVP_PASSES = 8.0
# Measured on digits, tolerance 1e-3 (docs/log.md): mean Hessian-vector products of a warm sharpness value.
HVPS_PER_VALUE = 6.0
# Columns of the tangent kernel's size that Lanczos and the element-wise work come to; measured.
KERNEL_COLUMNS = 256
# Products with J C Jᵀ of any family's kernel: blocks of 8, some 5 of them.
KERNEL_PRODUCTS = 40
# A chunk should close after about this much work, so that a viewer sees the curve grow.
SECONDS_PER_CHUNK = 1.0
MAX_CHUNK_STEPS = 1000


@dataclass(frozen=True)
class Calibration:
    """How fast one worker slot is. The defaults are conservative constants for an unknown machine."""

    flops_per_second: float = 4.0e10
    seconds_per_run_step: float = 40e-6


DEFAULT_CALIBRATION = Calibration()


@dataclass(frozen=True)
class CellCost:
    """Predicted cost of a cell on one worker slot."""

    seconds: float
    num_bytes: int
    chunk_steps: int


CostedCell = tuple[PlannedCell, CellCost]


def predict(
    spec: ExperimentSpec, shape: DatasetShape, cell: PlannedCell, calibration: Calibration
) -> CellCost:
    """Predict time, memory and the chunk length of `cell`, under the conditions of its scenario."""
    spec = spec.under(cell.scenario)
    if not cell.has_curvature:
        spec = spec.model_copy(update={"measures": without_curvature(spec.measures)})
    runs = len(cell.runs)
    schedule = spec.schedule(1)
    forward = spec.model.forward_flops(shape.dims, cell.width, cell.depth)
    train_flops = TRAIN_PASSES * forward * spec.batch_size * spec.num_steps
    hvps = HVPS_PER_VALUE + measure_hvps(spec.measures) if cell.has_curvature else 0.0
    hvp_flops = HVP_PASSES * forward * spec.sharpness_batch_size * hvps
    val_flops = forward * num_validated(shape.dims, shape.num_val)
    measured_flops = (hvp_flops + val_flops) * schedule.num_measurements()
    overhead = calibration.seconds_per_run_step * (spec.num_steps + 2 * hvps * schedule.num_measurements())
    measured_flops += kernel_flops(spec, shape, cell) * schedule.num_measurements()
    measured_flops += measure_passes(spec.measures) * forward * spec.sharpness_batch_size
    seconds = runs * ((train_flops + measured_flops) / calibration.flops_per_second + overhead)
    per_step = seconds / (spec.num_steps + 1)
    chunk_steps = min(max(1, round(SECONDS_PER_CHUNK / per_step)), MAX_CHUNK_STEPS, spec.num_steps + 1)
    return CellCost(seconds, cell_bytes(spec, shape, cell.width, cell.depth, runs), chunk_steps)


def kernel_flops(spec: ExperimentSpec, shape: DatasetShape, cell: PlannedCell) -> float:
    """Count what the tangent kernel of one run takes.

    Factorised it is one Gram matrix a layer, then Lanczos on their sum; else a product per row of a block.
    """
    if Measure.NTK not in spec.measures:
        return 0.0
    if not has_factorised_kernel(spec):
        forward = spec.model.forward_flops(shape.dims, cell.width, cell.depth)
        return KERNEL_PRODUCTS * HVP_PASSES * forward * spec.sharpness_batch_size
    rows = spec.sharpness_batch_size * shape.num_outputs
    return 2.0 * rows * rows * (cell.width * (cell.depth + 1) + KERNEL_COLUMNS)


def in_starting_order(cells: Sequence[CostedCell]) -> list[CostedCell]:
    """Order cells for the queue: the cheapest, so that a curve appears at once, then the dearest first."""
    by_cost = sorted(cells, key=lambda item: -item[1].seconds)
    return by_cost[-1:] + by_cost[:-1]


def wall_seconds(cell_seconds: list[float], *, slots: int) -> float:
    """Predict the wall time of cells started largest first on `slots` equal slots."""
    finish = [0.0] * max(1, slots)
    for seconds in sorted(cell_seconds, reverse=True):
        earliest = finish.index(min(finish))
        finish[earliest] += seconds
    return max(finish)
