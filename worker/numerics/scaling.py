"""From a parametrization and the sizes of a network to the constants of each of its tensors.

Any other table, name -> TensorScaling, can be run through the same networks; the tests do so with the
published forms of µP.
"""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.parametrization import Parametrization, TensorScaling, tensor_scaling
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
) -> dict[str, TensorScaling]:
    """Return forward multiplier A, init std B and LR multiplier C of every tensor, by name.

    The init std at the base width is sqrt(gain / fan_in) with the fan-in the tensor has there; width enters
    only through m_N = width / base_width (science.md §2.2), so all parametrizations agree at m_N = 1.
    """
    at_base = tensor_shapes(num_features, base_width, depth, num_outputs)
    return {
        name: tensor_scaling(
            parametrization,
            tensor_role(name),
            base_init_std=(BASE_GAIN[tensor_role(name)] / fan_in) ** 0.5,
            width_mult=width / base_width,
        )
        for name, (fan_in, _) in at_base.items()
    }
