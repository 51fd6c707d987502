"""GPU memory of a cell, and the number of its runs that fit.

A GPU trains a whole cell as one stack (`muscope.worker.numerics.ensemble`), so every run's Krylov basis and
activations are in memory at once; a CPU trains sub-stacks in turn. The bound was measured on stacks of the
residual MLP (docs/log.md 2026-11-24).
"""

from __future__ import annotations

import math

from muscope.backend.domain.cost.memory import (
    bytes_per_run,
    conditions_at,
    largest_under,
    require_fits,
    turn_bytes,
)
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP

# Share of a GPU's free memory that a plan may fill: the rest is for cuBLAS, fragmentation and the data.
USABLE_SHARE = 0.8
# Float32 copies of the parameters per run beyond those of `memory.bytes_per_run`, which counts the tensors
# a run keeps: every run's Krylov basis, twice while finished runs leave it, and gradients.
MORE_COPIES_PER_RUN = 59
# Copies of the hidden activations in memory at once during a Hessian-vector product.
ACTIVATION_COPIES = 5


def gpu_bytes_per_run(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int) -> int:
    """Return an upper bound on the memory of one run of a stacked cell, in bytes."""
    more = MORE_COPIES_PER_RUN * spec.model.num_parameters(shape.dims, width, depth)
    samples = max(spec.batch_size, spec.sharpness_batch_size)
    activations = ACTIVATION_COPIES * samples * _activation_numbers(spec, shape, width, depth)
    return bytes_per_run(spec, shape, width, depth) + 4 * (more + activations)


def _activation_numbers(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int) -> int:
    """Count the numbers a forward pass of one example stores, without the inputs and outputs of an MLP."""
    numbers = spec.model.activation_numbers(shape.dims, width, depth)
    is_mlp = isinstance(spec.model, ResidualMLP)
    return numbers - (shape.num_features + shape.num_outputs if is_mlp else 0)


def gpu_cell_bytes(spec: ExperimentSpec, shape: DatasetShape, width: int, depth: int, num_runs: int) -> int:
    """Return an upper bound on the memory of a cell of `num_runs` runs, in bytes."""
    per_run = gpu_bytes_per_run(spec, shape, width, depth)
    return num_runs * per_run + turn_bytes(spec, shape, width, depth)


def halved_to_fit(spec: ExperimentSpec, shape: DatasetShape, *, memory_bytes: int) -> dict[int, int]:
    """Return, per width, the runs of a cell: the largest arm's, halved until they fit; at least one."""
    deepest = max(spec.depths)
    all_runs = max(len(arm.lrs) for arm in spec.arms) * len(spec.seeds)
    fitting = {}
    for width in spec.widths:
        num_runs = all_runs
        while num_runs > 1 and memory_bytes < max(
            gpu_cell_bytes(under, shape, width, deepest, num_runs) for under in conditions_at(spec, width)
        ):
            num_runs = math.ceil(num_runs / 2)
        fitting[width] = num_runs
    return fitting


def require_gpu_memory(spec: ExperimentSpec, shape: DatasetShape, *, memory_bytes: int) -> None:
    """Refuse a plan whose largest run alone does not fit; raises InvalidInput with the estimate."""
    for scenario in spec.scenarios:
        size = largest_under(spec, scenario)
        needed = gpu_cell_bytes(spec.under(scenario), shape, size.width, size.depth, 1)
        require_fits("spec.too_much_gpu_memory", size, needed, memory_bytes)
