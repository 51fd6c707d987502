"""From a parametrization and the sizes of a network to the constants of each of its tensors.

Any other table, name -> TensorScaling, can be run through the same networks; the tests do so with the
published forms of µP.
"""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.depth_scaling import depth_alpha, in_a_branch, require_known
from backend.domain.optimizer import PLAIN_SGD, OptimizerSpec
from backend.domain.parametrization import Parametrization, Role, TensorScaling, tensor_scaling
from worker.numerics.networks.residual_mlp import BASE_GAIN, tensor_role, tensor_shapes

ScalingTable = Mapping[str, TensorScaling]


def scaling_table(
    parametrization: Parametrization,
    *,
    num_features: int,
    num_outputs: int,
    width: int,
    depth: int,
    base_width: int,
    base_depth: int | None = None,
    completep_alpha: float = 1.0,
    optimizer: OptimizerSpec = PLAIN_SGD,
) -> dict[str, TensorScaling]:
    """Return forward multiplier A, init std B, LR multiplier C and the rest of every tensor, by name.

    The init std at the base width is sqrt(gain / fan_in) with the fan-in the tensor has there; width enters
    only through m_N = width / base_width (science.md §2.2), so all parametrizations agree at m_N = 1
    and, depth entering through m_L = depth / base_depth, at m_L = 1. Without `base_depth`, m_L = 1.
    """
    require_known(parametrization, optimizer)
    alpha = depth_alpha(parametrization, completep_alpha)
    table = {}
    for name, (fan_in, _) in tensor_shapes(num_features, base_width, depth, num_outputs).items():
        role = tensor_role(name)
        constants = tensor_scaling(
            parametrization,
            role,
            base_init_std=(BASE_GAIN[role] / fan_in) ** 0.5,
            width_mult=width / base_width,
            optimizer=optimizer,
        )
        if role is Role.HIDDEN:
            depth_mult = depth / (base_depth or depth)
            constants = in_a_branch(constants, alpha, depth_mult=depth_mult, optimizer=optimizer)
        table[name] = constants
    return table
