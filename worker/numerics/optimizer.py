"""The parameter update, in effective learning rates.

Legend: R runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from backend.domain.parametrization import TensorScaling


def sgd_step_(
    params: Mapping[str, Tensor],
    gradients: Mapping[str, Tensor],
    lr_R11: Tensor,
    scaling: Mapping[str, TensorScaling],
) -> None:
    """Update `params` in place: w ← w - lr · C · g, with the run's base LR [R, 1, 1] and the tensor's C."""
    for name, weight in params.items():
        weight.addcmul_(gradients[name], lr_R11, value=-scaling[name].lr_mult)
