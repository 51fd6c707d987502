"""Losses, gradients and curvature of any network by automatic differentiation.

It works for every family and is the reference that hand-written derivatives are tested against. With outputs
f [B, C], J = ∂f/∂θ [B·C, P], n samples and H_L = ∂²ℓ/∂f² [C, C] per sample:

    Hessian-vector product    H v = ∂/∂θ (g(θ) · v), a second backward pass (Pearlmutter 1994)
    Gauss-Newton product      G v = (1/n) Jᵀ H_L (J v), with J v by two backward passes (Schraudolph 2002)
    residual part             H - G = (1/n) Σ_c (∂ℓ/∂f_c) ∂²f_c/∂θ²
    tangent kernel            K u = (1/n) J C (Jᵀ u)

All are weighted by the diagonal C of LR multipliers: C^½ H C^½, and so on.

Legend: R runs, B batch, C classes or outputs, P parameters, M vectors of a block.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from muscope.backend.domain.spec.experiment import Loss
from muscope.worker.numerics.linalg.operators import SymmetricOperator, flatten, unflatten
from muscope.worker.numerics.losses import loss_and_gradient, mean_loss, output_hessian_product
from muscope.worker.numerics.network import Apply, Network, Params
from muscope.worker.numerics.outer_product import OuterProduct


class KernelProduct(NamedTuple):
    """Tangent kernel of one run, [size, size], known by its products with the rows of [M, size]."""

    matvec: Callable[[Tensor], Tensor]
    size: int


# By name: tensors [R, n_in, n_out], or the products they come from.
Gradients = Mapping[str, Tensor | OuterProduct]


class Curvature(SymmetricOperator, Protocol):
    """C^½ H C^½ of R runs at fixed weights on one batch, and what else is read off the same passes."""

    def unweighted(self) -> Self:
        """Return H itself: C = 1."""

    def gauss_newton(self) -> Self:
        """Return the Gauss-Newton part (1/n) Σ Jᵀ (∂²ℓ/∂f²) J."""

    def residual(self) -> Self:
        """Return the residual part (1/n) Σ_c (∂ℓ/∂f_c) ∂²f_c/∂θ²."""

    def kernel(self, row: int, root_P: Tensor | None = None) -> KernelProduct:
        """Return J C D Jᵀ / n of one run; D is the square of `root_P`, 1 without."""


class Derivatives(Protocol):
    """Loss, gradients and curvature of a network: all the trainer needs beside the forward pass."""

    def forward_loss(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> Tensor:
        """Return the mean loss [R]."""

    def loss_and_gradients(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> tuple[Tensor, Gradients]:
        """Return the mean loss [R] and, by name, its gradients [R, n_in, n_out], formed or as products."""

    def curvature(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> Curvature:
        """Return C^½ H C^½ on the batch."""


@dataclass(frozen=True)
class Autograd:
    """Derivatives of any `apply` by automatic differentiation."""

    apply: Apply

    def forward_loss(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> Tensor:
        """Return the mean loss [R]; the same arithmetic as `loss_and_gradients`."""
        return loss_and_gradient(self.apply(network, params, x_RBD), y_RBC, loss)[0]

    def loss_and_gradients(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the mean loss [R] and, by name, its gradients [R, n_in, n_out]."""
        leaves = _leaves(params)
        f_RBC = self.apply(network, leaves, x_RBD)
        loss_R, g_f_RBC = loss_and_gradient(f_RBC.detach(), y_RBC, loss)
        gradients = torch.autograd.grad(f_RBC, list(leaves.values()), grad_outputs=g_f_RBC)
        return loss_R, dict(zip(leaves, gradients, strict=True))

    def curvature(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> AutogradCurvature:
        """Return C^½ H C^½ on the batch."""
        weights = {name: constants.lr_mult for name, constants in network.scaling.items()}
        return AutogradCurvature(self.apply, network, params, x_RBD, y_RBC, loss, weights)


class HessianPart(StrEnum):
    """Parts of the Hessian: H = Gauss-Newton part + residual part."""

    ALL = "all"
    GAUSS_NEWTON = "gauss_newton"
    RESIDUAL = "residual"


@dataclass(frozen=True)
class AutogradCurvature:
    """Products by a second backward pass through a graph that is kept.

    Runs are independent, so one pass over the sum of their losses serves all (Pearlmutter 1994). Selecting
    runs builds the graph of those alone, so that no product computes what nobody asked for.
    """

    apply: Apply
    network: Network
    params: Params
    x_RBD: Tensor
    y_RBC: Tensor
    loss: Loss
    lr_mult: dict[str, float]
    part: HessianPart = HessianPart.ALL

    def select(self, keep: Tensor) -> AutogradCurvature:
        """Return the operator of the runs `keep` (indices, also repeated ones) only."""
        params = {name: tensor[keep] for name, tensor in self.params.items()}
        x_RBD = self.x_RBD[:1].expand(len(keep), *self.x_RBD.shape[1:])  # every run has the same batch
        return replace(self, params=params, x_RBD=x_RBD)

    def unweighted(self) -> AutogradCurvature:
        """Return H itself: C = 1."""
        return replace(self, lr_mult=dict.fromkeys(self.lr_mult, 1.0))

    def gauss_newton(self) -> AutogradCurvature:
        """Return the Gauss-Newton part (1/n) Σ Jᵀ (∂²ℓ/∂f²) J."""
        return replace(self, part=HessianPart.GAUSS_NEWTON)

    def residual(self) -> AutogradCurvature:
        """Return the residual part (1/n) Σ_c (∂ℓ/∂f_c) ∂²f_c/∂θ²."""
        return replace(self, part=HessianPart.RESIDUAL)

    def matvec(self, v_RP: Tensor) -> Tensor:
        """Return the product of each run's matrix with its row, [R, P]."""
        v = self._weighted(unflatten(v_RP, self.params))
        if self.part is HessianPart.GAUSS_NEWTON:
            t_f_RBC = self._jvp(v)
            products = self._vjp(output_hessian_product(self._outputs.detach(), t_f_RBC, self.loss))
        else:
            products = torch.autograd.grad(
                self._gradients, self._leaf_list, grad_outputs=list(v.values()), retain_graph=True
            )
        return flatten(self._weighted(dict(zip(self.params, products, strict=True))))

    def kernel(self, row: int, root_P: Tensor | None = None) -> KernelProduct:
        """Return J C D Jᵀ / n of one run; D is the square of `root_P`, 1 without."""
        keep = torch.tensor([row], device=next(iter(self.params.values())).device)
        one = self.select(keep)
        num_samples, num_outputs = one._outputs.shape[1:]

        def product(u_P: Tensor) -> Tensor:
            pulled = one._vjp(u_P.view(1, num_samples, num_outputs))
            flat_RP = flatten(one._weighted(dict(zip(one.params, pulled, strict=True))))
            if root_P is not None:
                flat_RP = flat_RP * root_P.square()
            pushed = one._jvp(one._weighted(unflatten(flat_RP, one.params)))
            return pushed.flatten() / num_samples

        return KernelProduct(lambda rows: torch.stack([product(u) for u in rows]), num_samples * num_outputs)

    @cached_property
    def _leaves(self) -> Params:
        return _leaves(self.params)

    @cached_property
    def _leaf_list(self) -> list[Tensor]:
        return list(self._leaves.values())

    @cached_property
    def _outputs(self) -> Tensor:
        return self.apply(self.network, self._leaves, self.x_RBD)

    @cached_property
    def _gradients(self) -> tuple[Tensor, ...]:
        """Return the gradients, with their graph, of the loss or of what is linear in the outputs."""
        if self.part is HessianPart.RESIDUAL:
            g_f_RBC = loss_and_gradient(self._outputs.detach(), self.y_RBC, self.loss)[1]
            scalar = (self._outputs * g_f_RBC).sum()
        else:
            scalar = mean_loss(self._outputs, self.y_RBC, self.loss).sum()
        return torch.autograd.grad(scalar, self._leaf_list, create_graph=True)

    @cached_property
    def _pulled(self) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return u and Jᵀu with its graph: linear in u, so that differentiating it by u gives J."""
        u_RBC = torch.zeros_like(self._outputs, requires_grad=True)
        return u_RBC, torch.autograd.grad(
            self._outputs, self._leaf_list, grad_outputs=u_RBC, create_graph=True
        )

    def _jvp(self, v: Params) -> Tensor:
        """Return J v, [R, B, C]."""
        u_RBC, pulled = self._pulled
        (pushed,) = torch.autograd.grad(pulled, u_RBC, grad_outputs=list(v.values()), retain_graph=True)
        return pushed

    def _vjp(self, u_RBC: Tensor) -> tuple[Tensor, ...]:
        """Return Jᵀ u, in the order of the parameters."""
        return torch.autograd.grad(self._outputs, self._leaf_list, grad_outputs=u_RBC, retain_graph=True)

    def _weighted(self, tensors: Params) -> Params:
        return {name: tensor * self.lr_mult[name] ** 0.5 for name, tensor in tensors.items()}


def _leaves(params: Params) -> Params:
    return {name: tensor.detach().requires_grad_() for name, tensor in params.items()}
