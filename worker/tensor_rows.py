"""The effective constants of a cell's tensors, as the rows that are stored of them."""

from __future__ import annotations

from typing import Any

from backend.domain.optimizer import OptimizerSpec, UpdateFamily
from backend.domain.parametrization import Role, TensorScaling
from worker.numerics.networks.residual_mlp import tensor_role, tensor_shapes
from worker.numerics.program import CellProgram


def tensor_rows(program: CellProgram, num_features: int, num_outputs: int) -> list[dict[str, Any]]:
    """Return one row per tensor, in forward order."""
    shapes = tensor_shapes(num_features, program.width, program.depth, num_outputs)
    scaling = program.scaling_for(num_features, num_outputs)
    return [
        {
            "name": name,
            "role": tensor_role(name).value,
            "num_rows": num_rows,
            "num_columns": num_columns,
            "branch_mult": program.branch_mult if tensor_role(name) is Role.HIDDEN else None,
            **_constants(scaling[name], program.optimizer),
        }
        for name, (num_rows, num_columns) in shapes.items()
    ]


def _constants(scaling: TensorScaling, optimizer: OptimizerSpec) -> dict[str, float | None]:
    is_adam, decays = optimizer.family is UpdateFamily.ADAM, optimizer.weight_decay > 0
    return {
        "forward_mult": scaling.forward_mult,
        "init_std": scaling.init_std,
        "lr_mult": scaling.lr_mult,
        "epsilon": optimizer.epsilon * scaling.epsilon_mult if is_adam else None,
        "weight_decay": optimizer.weight_decay * scaling.weight_decay_mult if decays else None,
    }
