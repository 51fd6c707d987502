"""Hand-written gradient and Hessian of the residual MLP: the fast path, proven equal to autograd by test.

The R-operator (Pearlmutter 1994) differentiates forward and backward pass along a direction and reuses the
primal activations, so that a Hessian-vector product costs no new primal pass and no graph.

Legend: R runs, B batch, D inputs, N width, C classes or outputs, P parameters.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from backend.domain.experiment import Loss
from backend.domain.families.residual_mlp import INPUT, OUTPUT
from worker.numerics.derivatives import AutogradCurvature, KernelProduct
from worker.numerics.hvp import unflatten
from worker.numerics.losses import loss_and_gradient, output_hessian_product
from worker.numerics.networks.network import Network, Params
from worker.numerics.networks.residual_mlp import apply, block_name
from worker.numerics.networks.residual_mlp_kernel import tangent_kernel


@dataclass(frozen=True)
class Forward:
    """`a[l]` is φ(h_l) [R, B, N] for l = 0..depth; `f_RBC` the outputs."""

    a: list[Tensor]
    f_RBC: Tensor


def forward_loss(network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss) -> Tensor:
    """Return the mean loss [R]; the same arithmetic as `loss_and_gradients`."""
    return loss_and_gradient(_forward(network, params, x_RBD).f_RBC, y_RBC, loss)[0]


def loss_and_gradients(
    network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
) -> tuple[Tensor, Params]:
    """Return the mean loss [R] and, by name, its gradients [R, n_in, n_out]."""
    forward = _forward(network, params, x_RBD)
    loss_R, g_f_RBC = loss_and_gradient(forward.f_RBC, y_RBC, loss)
    g_h = backward(network, params, forward, g_f_RBC)
    gradients = {INPUT: _outer(x_RBD, g_h[0], network.scaling[INPUT].forward_mult)}
    for block in range(network.depth):
        gradients[block_name(block)] = _outer(forward.a[block], g_h[block + 1], network.block_mult(block))
    gradients[OUTPUT] = _outer(forward.a[-1], g_f_RBC, network.scaling[OUTPUT].forward_mult)
    return loss_R, gradients


def _forward(network: Network, params: Params, x_RBD: Tensor) -> Forward:
    h_RBN = _scaled(torch.bmm(x_RBD, params[INPUT]), network.scaling[INPUT].forward_mult)
    a = [torch.relu(h_RBN)]
    for block in range(network.depth):
        h_RBN = torch.baddbmm(h_RBN, a[-1], params[block_name(block)], alpha=network.block_mult(block))
        a.append(torch.relu(h_RBN))
    f_RBC = _scaled(torch.bmm(a[-1], params[OUTPUT]), network.scaling[OUTPUT].forward_mult)
    return Forward(a, f_RBC)


def backward(network: Network, params: Params, forward: Forward, g_f_RBC: Tensor) -> list[Tensor]:
    """Return the gradients by h_0..h_depth, each [R, B, N]."""
    out_mult = network.scaling[OUTPUT].forward_mult
    g_RBN = _through_relu(_scaled(torch.bmm(g_f_RBC, params[OUTPUT].mT), out_mult), forward.a[-1])
    g_h = [g_RBN]
    for block in reversed(range(network.depth)):
        branch_RBN = _through_relu(torch.bmm(g_RBN, params[block_name(block)].mT), forward.a[block])
        g_RBN = torch.add(g_RBN, branch_RBN, alpha=network.block_mult(block))
        g_h.append(g_RBN)
    return g_h[::-1]


@dataclass(frozen=True)
class ResidualMlpHessian:
    """The operator v -> C^½ H C^½ v of R runs at fixed weights, on flat vectors [R, P]."""

    network: Network
    loss: Loss
    params: Params
    x_RBD: Tensor
    forward: Forward
    g_f_RBC: Tensor
    g_h: list[Tensor]
    has_loss_curvature: bool = True

    @classmethod
    def at(
        cls, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> ResidualMlpHessian:
        """Run the primal passes once on the batch the Hessian is taken on."""
        forward = _forward(network, params, x_RBD)
        _, g_f_RBC = loss_and_gradient(forward.f_RBC, y_RBC, loss)
        g_h = backward(network, params, forward, g_f_RBC)
        return cls(network, loss, params, x_RBD, forward, g_f_RBC, g_h)

    def select(self, keep: Tensor) -> ResidualMlpHessian:
        """Return the operator of the runs `keep` (indices) only."""
        num_kept = len(keep)
        return ResidualMlpHessian(
            self.network,
            self.loss,
            {name: tensor[keep] for name, tensor in self.params.items()},
            self.x_RBD[:1].expand(num_kept, -1, -1),  # every run has the same batch
            Forward([a[keep] for a in self.forward.a], self.forward.f_RBC[keep]),
            self.g_f_RBC[keep],
            [g[keep] for g in self.g_h],
            self.has_loss_curvature,
        )

    def unweighted(self) -> ResidualMlpHessian:
        """Return H itself: C = 1."""
        raw = {name: constants._replace(lr_mult=1.0) for name, constants in self.network.scaling.items()}
        return replace(self, network=replace(self.network, scaling=raw))

    def gauss_newton(self) -> ResidualMlpHessian:
        """Return the Gauss-Newton part (1/n) Σ Jᵀ (∂²ℓ/∂f²) J: what is left where no ∂ℓ/∂f pulls."""
        return replace(
            self, g_f_RBC=torch.zeros_like(self.g_f_RBC), g_h=[torch.zeros_like(g) for g in self.g_h]
        )

    def residual(self) -> ResidualMlpHessian:
        """Return the residual part (1/n) Σ_c (∂ℓ/∂f_c) ∂²f_c/∂θ²: what is left without ∂²ℓ/∂f²."""
        return replace(self, has_loss_curvature=False)

    def kernel(self, row: int, root_P: Tensor | None = None) -> KernelProduct:
        """Return J C D Jᵀ / n of one run, factorised where D = 1: what weighs single entries does not."""
        if root_P is None:
            kernel = tangent_kernel(self, row)
            return KernelProduct(lambda rows: rows @ kernel, len(kernel))
        one = self.select(torch.tensor([row], device=self.x_RBD.device))
        weights = {name: constants.lr_mult for name, constants in self.network.scaling.items()}
        like = AutogradCurvature(
            apply, one.network, one.params, one.x_RBD, one.forward.f_RBC, self.loss, weights
        )
        return like.kernel(0, root_P)

    def pulled_back(self, g_f_RBC: Tensor) -> list[Tensor]:
        """Return the gradients by h_0..h_depth of what has the gradient `g_f_RBC` by the outputs."""
        return backward(self.network, self.params, self.forward, g_f_RBC)

    def matvec(self, v_RP: Tensor) -> Tensor:
        """Return C^½ H C^½ v, [R, P]."""
        v = unflatten(v_RP, self.params)
        weighted = {name: tensor * self._sqrt_lr_mult(name) for name, tensor in v.items()}
        t_a, t_f_RBC = self._tangent_forward(weighted)
        t_gradients = self._tangent_backward(weighted, t_a, t_f_RBC)
        flat = [(t_gradients[name] * self._sqrt_lr_mult(name)).flatten(1) for name in self.params]
        return torch.cat(flat, dim=1)

    def _sqrt_lr_mult(self, name: str) -> float:
        return float(self.network.scaling[name].lr_mult ** 0.5)

    def _tangent_forward(self, v: Params) -> tuple[list[Tensor], Tensor]:
        network, a = self.network, self.forward.a
        t_h_RBN = _scaled(torch.bmm(self.x_RBD, v[INPUT]), network.scaling[INPUT].forward_mult)
        t_a = [_through_relu(t_h_RBN, a[0])]
        for block in range(network.depth):
            name, mult = block_name(block), network.block_mult(block)
            t_h_RBN = torch.baddbmm(t_h_RBN, t_a[-1], self.params[name], alpha=mult)
            t_h_RBN = t_h_RBN.baddbmm_(a[block], v[name], alpha=mult)
            t_a.append(_through_relu(t_h_RBN, a[block + 1]))
        t_f_RBC = torch.bmm(t_a[-1], self.params[OUTPUT]).baddbmm_(a[-1], v[OUTPUT])
        return t_a, _scaled(t_f_RBC, network.scaling[OUTPUT].forward_mult)

    def _tangent_output_gradient(self, t_f_RBC: Tensor) -> Tensor:
        if not self.has_loss_curvature:
            return torch.zeros_like(t_f_RBC)
        return output_hessian_product(self.forward.f_RBC, t_f_RBC, self.loss)

    def _tangent_backward(self, v: Params, t_a: list[Tensor], t_f_RBC: Tensor) -> Params:
        network, a = self.network, self.forward.a
        out_mult = network.scaling[OUTPUT].forward_mult
        t_g_f_RBC = self._tangent_output_gradient(t_f_RBC)
        result = {OUTPUT: _product_rule(t_a[-1], self.g_f_RBC, a[-1], t_g_f_RBC, out_mult)}
        t_g_RBN = torch.bmm(t_g_f_RBC, self.params[OUTPUT].mT).baddbmm_(self.g_f_RBC, v[OUTPUT].mT)
        t_g_RBN = _through_relu(_scaled(t_g_RBN, out_mult), a[-1])
        for block in reversed(range(network.depth)):
            name, mult, g_RBN = block_name(block), network.block_mult(block), self.g_h[block + 1]
            result[name] = _product_rule(t_a[block], g_RBN, a[block], t_g_RBN, mult)
            branch_RBN = torch.bmm(t_g_RBN, self.params[name].mT).baddbmm_(g_RBN, v[name].mT)
            t_g_RBN = torch.add(t_g_RBN, _through_relu(branch_RBN, a[block]), alpha=mult)
        result[INPUT] = _outer(self.x_RBD, t_g_RBN, network.scaling[INPUT].forward_mult)
        return result


class HandWritten:
    """The derivatives of the plain residual MLP, as the trainer asks for them."""

    def forward_loss(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> Tensor:
        """Return the mean loss [R]."""
        return forward_loss(network, params, x_RBD, y_RBC, loss)

    def loss_and_gradients(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> tuple[Tensor, Params]:
        """Return the mean loss [R] and, by name, its gradients [R, n_in, n_out]."""
        return loss_and_gradients(network, params, x_RBD, y_RBC, loss)

    def curvature(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> ResidualMlpHessian:
        """Return C^½ H C^½ on the batch."""
        return ResidualMlpHessian.at(network, params, x_RBD, y_RBC, loss)


def _scaled(tensor: Tensor, factor: float) -> Tensor:
    return tensor if factor == 1.0 else tensor * factor


def _through_relu(g_RBN: Tensor, a_RBN: Tensor) -> Tensor:
    """Return g where φ is active, 0 elsewhere: one fused kernel, as autograd uses."""
    masked: Tensor = torch.ops.aten.threshold_backward(g_RBN, a_RBN, 0)
    return masked


def _outer(left: Tensor, right: Tensor, factor: float) -> Tensor:
    return _scaled(torch.bmm(left.mT, right), factor)


def _product_rule(t_left: Tensor, right: Tensor, left: Tensor, t_right: Tensor, factor: float) -> Tensor:
    return _scaled(torch.bmm(t_left.mT, right).baddbmm_(left.mT, t_right), factor)
