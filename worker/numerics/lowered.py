"""Training steps in bfloat16 by torch.autocast; weights, optimizer, losses and all measures stay in float32.

Products of a step's passes are in bfloat16; sums, norms and softmaxes are what autocast makes of them.
Curvature, validation and the coordinate check do not come here, so they are those of the float32 network.

Legend: R runs, B batch, D inputs, C classes or outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from muscope.backend.domain.spec.experiment import Loss, Precision
from muscope.backend.errors import InvalidInput
from muscope.worker.numerics.derivatives import Autograd, Curvature, Derivatives, Gradients
from muscope.worker.numerics.network import Apply, Network, Params


@dataclass(frozen=True)
class Lowered:
    """Derivatives with passes of training in bfloat16, and curvature of others.

    Attributes:
        apply: the forward pass.
        exact: derivatives in the dtype of the weights.
    """

    apply: Apply
    exact: Derivatives

    def forward_loss(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> Tensor:
        """Return the mean loss [R]; the same arithmetic as `loss_and_gradients`."""
        return self._steps.forward_loss(network, params, x_RBD, y_RBC, loss)

    def loss_and_gradients(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> tuple[Tensor, Gradients]:
        """Return the mean loss [R] and, by name, its gradients in the dtype of the weights."""
        return self._steps.loss_and_gradients(network, params, x_RBD, y_RBC, loss)

    def curvature(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> Curvature:
        """Return C^½ H C^½ on the batch, exact."""
        return self.exact.curvature(network, params, x_RBD, y_RBC, loss)

    @property
    def _steps(self) -> Autograd:
        return Autograd(self._cast)

    def _cast(self, network: Network, params: Params, x_RBD: Tensor) -> Tensor:
        """Return the outputs in the dtype of the weights, from products in bfloat16."""
        with torch.autocast(x_RBD.device.type, dtype=torch.bfloat16, cache_enabled=False):
            f_RBC = self.apply(network, params, x_RBD)
        return f_RBC.to(next(iter(params.values())).dtype)


def of_precision(precision: Precision, apply: Apply, exact: Derivatives, device: torch.device) -> Derivatives:
    """Return the derivatives of training; raises InvalidInput where the device has no bfloat16."""
    if precision is Precision.FLOAT32:
        return exact
    if not has_bfloat16(device):
        raise InvalidInput("device.no_bfloat16", device=device_name(device))
    return Lowered(apply, exact)


def has_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies numbers in bfloat16 itself; one that emulates it only loses."""
    if device.type == "cuda":
        is_native: bool = torch.cuda.is_bf16_supported(including_emulation=False)
        return is_native
    is_amx: bool = torch.cpu._is_amx_tile_supported()
    is_avx512: bool = torch.cpu._is_avx512_bf16_supported()
    return is_amx or is_avx512


def device_name(device: torch.device) -> str:
    """Return what people call a device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
