"""CPU memory of a cell: the tensors every run keeps, and the extra ones of the stack in training.

A CPU trains one sub-stack of a cell after another (`muscope.worker.numerics.ensemble`), so gradients, the
Krylov basis and activations exist for the runs of one stack only. Measured: docs/bench.md, row `memory`.
"""

from __future__ import annotations

import math

from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import ExperimentSpec, size_stepped_up
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.measures import Measure, measure_copies, turn_copies
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.spec.size import Size
from muscope.backend.errors import InvalidInput

# Float32 copies of the parameters that every run keeps: weights, eigenvector, and a spare while runs leave.
COPIES_PER_RUN = 3
# Further copies for runs in training: gradients, the Krylov basis and temporaries of a Hessian product.
COPIES_IN_TRAINING = 26
# Copies of a pass's activations: hand-written derivatives of the MLP, and all other families.
MLP_ACTIVATION_COPIES = 3
ACTIVATION_COPIES = 6
# Memory of a training process whatever the size.
FIXED_BYTES = 4 << 20
# Runs in training at once, by largest width, and beyond; `muscope.worker.numerics.families` keeps to it.
MLP_STACKS = ((64, 32), (128, 16), (256, 6), (math.inf, 3))
OTHER_STACKS = ((64, 12), (128, 6), (math.inf, 1))


def stacked_runs(model: ModelFamily, width: int) -> int:
    """Return the largest number of runs of a width that a CPU trains as one stack."""
    if isinstance(model, Brought):
        return model.runs_per_stack(width)
    stacks = MLP_STACKS if isinstance(model, ResidualMLP) else OTHER_STACKS
    return next(runs for up_to, runs in stacks if width <= up_to)


def turn_bytes(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int) -> int:
    """Return an upper bound on the memory of measures that process runs in turn; a cell needs it once."""
    vectors = turn_copies(spec.measures) * spec.model.num_parameters(shape.dims, width, depth)
    has_matrix = Measure.NTK in spec.measures and has_factorised_kernel(spec)
    rows = spec.sharpness_batch_size * shape.num_outputs if has_matrix else 0
    return 4 * max(vectors, 3 * rows * rows)


def has_factorised_kernel(spec: ExperimentSpec) -> bool:
    """Return whether the tangent kernel can be assembled from Gram matrices of layers.

    True for the plain residual MLP, except under Adam, whose preconditioner weighs single entries.
    """
    model = spec.model
    is_plain = isinstance(model, ResidualMLP) and model.has_skip and model.layers_per_block == 1
    return is_plain and not spec.optimizer.traits.is_preconditioned


def bytes_per_run(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int) -> int:
    """Return an upper bound on the bytes one run keeps, with moments and the state of its measures."""
    copies = COPIES_PER_RUN + spec.optimizer.num_moments + measure_copies(spec.measures)
    return copies * 4 * spec.model.num_parameters(shape.dims, width, depth)


def training_bytes(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int) -> int:
    """Return an upper bound on the further bytes of one run while its stack is in training."""
    copies = MLP_ACTIVATION_COPIES if isinstance(spec.model, ResidualMLP) else ACTIVATION_COPIES
    examples = max(spec.batch_size, spec.sharpness_batch_size)
    activations = copies * examples * spec.model.activation_numbers(shape.dims, width, depth)
    return 4 * (COPIES_IN_TRAINING * spec.model.num_parameters(shape.dims, width, depth) + activations)


def cell_bytes(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int, num_runs: int) -> int:
    """Return an upper bound on the memory of a cell of `num_runs` runs, in bytes."""
    in_training = min(num_runs, stacked_runs(spec.model, width))
    of_runs = num_runs * bytes_per_run(spec, shape, width, depth)
    of_stack = in_training * training_bytes(spec, shape, width, depth)
    return FIXED_BYTES + of_runs + of_stack + turn_bytes(spec, shape, width, depth)


def largest_under(spec: ExperimentSpec, scenario: Scenario) -> Size:
    """Return the largest size that is counted for a scenario: the one of a step up, else the plan's."""
    if scenario.is_step_up:
        return size_stepped_up(spec, scenario)
    return Size(max(spec.widths), max(spec.depths))


def conditions_at(spec: ExperimentSpec, width: int) -> tuple[ExperimentSpec, ...]:
    """Return the spec under every scenario that may train a width."""
    trained = (
        each for each in spec.scenarios if not each.is_step_up or size_stepped_up(spec, each).width == width
    )
    return tuple(spec.under(scenario) for scenario in trained)


def require_memory(spec: ExperimentSpec, shape: DatasetShape, *, memory_bytes: int) -> None:
    """Refuse a plan whose largest run alone is over the limit; raises InvalidInput with the estimate."""
    for scenario in spec.scenarios:
        size = largest_under(spec, scenario)
        needed = cell_bytes(spec.under(scenario), shape, size.width, size.depth, 1)
        require_fits("spec.too_much_memory", size, needed, memory_bytes)


def require_fits(code: str, size: Size, needed: int, memory_bytes: int) -> None:
    """Raise InvalidInput with the estimate if `needed` exceeds `memory_bytes`."""
    if needed > memory_bytes:
        raise InvalidInput(
            code,
            width=size.width,
            depth=size.depth,
            needed_mib=math.ceil(needed / (1 << 20)),
            limit_mib=memory_bytes >> 20,
        )


def max_runs_per_cell(spec: ExperimentSpec, shape: DatasetShape, *, memory_bytes: int) -> dict[int, int]:
    """Return, per width, how many runs fit into `memory_bytes` under every scenario; at least one."""
    return {
        width: min(_max_runs(under, shape, width, memory_bytes) for under in conditions_at(spec, width))
        for width in spec.widths
    }


def _max_runs(spec: ExperimentSpec, shape: DatasetShape, width: int, memory_bytes: int) -> int:
    depth = max(spec.depths)
    left = memory_bytes - cell_bytes(spec, shape, width, depth, 0)
    of_run = bytes_per_run(spec, shape, width, depth)
    of_training = training_bytes(spec, shape, width, depth)
    stack = stacked_runs(spec.model, width)
    if left < stack * (of_run + of_training):
        return max(1, left // (of_run + of_training))
    return (left - stack * of_training) // of_run
