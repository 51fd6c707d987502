"""From a parametrization and the sizes of a network to the constants of each of its tensors.

Any other table, name -> TensorScaling, can be run through the same networks; the tests do so with the
published forms of µP.
"""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.dataset import DataDims
from backend.domain.depth_scaling import depth_alpha, in_a_branch, require_known
from backend.domain.families.base import ModelFamily
from backend.domain.families.residual_mlp import ResidualMLP
from backend.domain.model import require_depth_rule
from backend.domain.optimizer import PLAIN_SGD, OptimizerSpec
from backend.domain.parametrization import Parametrization, TensorScaling, tensor_scaling

ScalingTable = Mapping[str, TensorScaling]


def scaling_table(
    parametrization: Parametrization,
    *,
    dims: DataDims,
    width: int,
    depth: int,
    base_width: int,
    base_depth: int | None = None,
    completep_alpha: float = 1.0,
    optimizer: OptimizerSpec = PLAIN_SGD,
    model: ModelFamily | None = None,
) -> dict[str, TensorScaling]:
    """Return forward multiplier A, init std B, LR multiplier C and the rest of every tensor, by name.

    The init std at the base width is what the model says of the tensor there; width enters only through
    m_N = width / base_width (science.md §2.2), so all parametrizations agree at m_N = 1 and, depth entering
    through m_L = depth / base_depth, at m_L = 1. Without `base_depth`, m_L = 1; without `model`, the residual
    MLP.
    """
    model = model or ResidualMLP()
    require_known(parametrization, optimizer)
    require_depth_rule(model, parametrization)
    alpha = depth_alpha(parametrization, completep_alpha)
    table = {}
    for name, tensor in model.tensors(dims, base_width, depth).items():
        constants = tensor_scaling(
            parametrization,
            tensor.role,
            base_init_std=tensor.std,
            width_mult=width / base_width,
            optimizer=optimizer,
            base_forward_mult=tensor.forward_mult,
            init_mean=tensor.mean,
        )
        if tensor.is_in_branch:
            depth_mult = depth / (base_depth or depth)
            constants = in_a_branch(constants, alpha, depth_mult=depth_mult, optimizer=optimizer)
        table[name] = constants
    return table
