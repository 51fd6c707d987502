"""What a cell will cost: time and memory from its shapes and a device's calibration.

The unit of compute is the second of one worker slot. The model family says what a forward pass of one example
takes; a training step is three forward passes, a Hessian-vector product about eight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from backend.domain.dataset import DatasetShape, num_validated
from backend.domain.experiment import ExperimentSpec
from backend.domain.families.residual_mlp import ResidualMLP
from backend.domain.grid import PlannedCell
from backend.domain.measures import Measure, measure_copies, measure_hvps, measure_passes, turn_copies
from backend.domain.optimizer import UpdateFamily
from backend.errors import InvalidInput

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
# Float32 copies of the parameters that live at once while a run trains and measures: weights, gradients,
# and the Krylov basis of the runs being measured, spread over the cell; measured, docs/log.md 2026-11-23.
COPIES_PER_RUN = 20
# Float32 copies of a pass's activations that live at once: of forward, backward and a second backward.
ACTIVATION_COPIES = 6
# Runs whose pass a CPU makes at once, by largest width: no family but the residual MLP stacks more.
STACKED_RUNS = ((64, 12), (128, 6))


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
    """Predict time, memory and the chunk length of `cell`."""
    runs = len(cell.runs)
    schedule = spec.schedule(1)
    forward = spec.model.forward_flops(shape.dims, cell.width, cell.depth)
    train_flops = TRAIN_PASSES * forward * spec.batch_size * spec.num_steps
    hvps = HVPS_PER_VALUE + measure_hvps(spec.measures)
    hvp_flops = HVP_PASSES * forward * spec.sharpness_batch_size * hvps
    val_flops = forward * num_validated(shape.dims, shape.num_val)
    measured_flops = (hvp_flops + val_flops) * schedule.num_measurements()
    overhead = calibration.seconds_per_run_step * (spec.num_steps + 2 * hvps * schedule.num_measurements())
    measured_flops += kernel_flops(spec, shape, cell) * schedule.num_measurements()
    measured_flops += measure_passes(spec.measures) * forward * spec.sharpness_batch_size
    seconds = runs * ((train_flops + measured_flops) / calibration.flops_per_second + overhead)
    per_step = seconds / (spec.num_steps + 1)
    chunk_steps = min(max(1, round(SECONDS_PER_CHUNK / per_step)), MAX_CHUNK_STEPS, spec.num_steps + 1)
    per_run = bytes_per_run(spec, shape, cell.width, cell.depth)
    once = _once_bytes(spec, shape, cell.width, cell.depth)
    return CellCost(seconds, runs * per_run + once, chunk_steps)


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


def turn_bytes(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int) -> int:
    """Bound the memory of the measures that take one run after another: a cell needs it once."""
    vectors = turn_copies(spec.measures) * spec.model.num_parameters(shape.dims, width, depth)
    has_matrix = Measure.NTK in spec.measures and has_factorised_kernel(spec)
    rows = spec.sharpness_batch_size * shape.num_outputs if has_matrix else 0
    return 4 * max(vectors, 3 * rows * rows)


def pass_bytes(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int) -> int:
    """Bound the memory of the activations of a stack; a CPU trains one after another: a cell needs it once.

    That of the residual MLP's stacks is in `COPIES_PER_RUN`: they were measured together.
    """
    if isinstance(spec.model, ResidualMLP):
        return 0
    examples = max(spec.batch_size, spec.sharpness_batch_size)
    of_a_run = 4 * ACTIVATION_COPIES * examples * spec.model.activation_numbers(shape.dims, width, depth)
    return stacked_runs(width) * of_a_run


def stacked_runs(width: int) -> int:
    """Bound how many runs of a width, not of the residual MLP, a CPU trains as one stack."""
    return next((runs for up_to, runs in STACKED_RUNS if width <= up_to), 1)


def _once_bytes(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int) -> int:
    return turn_bytes(spec, shape, width, depth) + pass_bytes(spec, shape, width, depth)


def has_factorised_kernel(spec: ExperimentSpec) -> bool:
    """Tell whether the tangent kernel can be put together from Gram matrices of layers.

    That is so for the plain residual MLP; Adam's preconditioner, which weighs single entries, rules it out.
    """
    model = spec.model
    is_plain = isinstance(model, ResidualMLP) and model.has_skip and model.layers_per_block == 1
    return is_plain and spec.optimizer.family is UpdateFamily.SGD


def bytes_per_run(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int) -> int:
    """Bound the memory one run of a cell needs, with the optimizer's moments and what its measures keep."""
    copies = COPIES_PER_RUN + spec.optimizer.num_moments + measure_copies(spec.measures)
    return copies * 4 * spec.model.num_parameters(shape.dims, width, depth)


def require_memory(spec: ExperimentSpec, shape: DatasetShape, *, memory_bytes: int) -> None:
    """Refuse a plan whose largest run alone is over the limit; raises InvalidInput with the estimate."""
    width, depth = max(spec.widths), max(spec.depths)
    needed = bytes_per_run(spec, shape, width, depth) + _once_bytes(spec, shape, width, depth)
    if needed > memory_bytes:
        raise InvalidInput(
            "spec.too_much_memory",
            width=width,
            depth=depth,
            needed_mib=math.ceil(needed / (1 << 20)),
            limit_mib=memory_bytes >> 20,
        )


def max_runs_per_cell(spec: ExperimentSpec, shape: DatasetShape, *, memory_bytes: int) -> dict[int, int]:
    """Return, per width, how many runs fit into `memory_bytes`; at least one."""
    deepest = max(spec.depths)
    return {
        width: max(
            1,
            (memory_bytes - _once_bytes(spec, shape, width, deepest))
            // bytes_per_run(spec, shape, width, deepest),
        )
        for width in spec.widths
    }


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
