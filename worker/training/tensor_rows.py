"""Rows that store the effective constants of a cell's tensors: A, B, C, ε and weight decay."""

from __future__ import annotations

from typing import Any

from muscope.backend.domain.spec.dataset import DataDims
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import TensorScaling
from muscope.worker.numerics.program import CellProgram


def tensor_rows(program: CellProgram, dims: DataDims) -> list[dict[str, Any]]:
    """Return one row per tensor, in forward order, with the constants in use (ε times its factor, …)."""
    scaling = program.scaling_of(dims)
    return [
        {
            "name": name,
            "role": tensor.role.value,
            "num_rows": tensor.shape[0],
            "num_columns": tensor.shape[1],
            "branch_mult": program.branch_mult if tensor.is_in_branch else None,
            **_constants(scaling[name], program.optimizer),
        }
        for name, tensor in program.model.tensors(dims, program.width, program.depth).items()
    ]


def _constants(scaling: TensorScaling, optimizer: OptimizerSpec) -> dict[str, float | None]:
    has_epsilon, decays = optimizer.traits.is_preconditioned, optimizer.weight_decay > 0
    return {
        "forward_mult": scaling.forward_mult,
        "init_std": scaling.init_std,
        "lr_mult": scaling.lr_mult,
        "epsilon": optimizer.epsilon * scaling.epsilon_mult if has_epsilon else None,
        "weight_decay": optimizer.weight_decay * scaling.weight_decay_mult if decays else None,
    }
