"""Hand-written gradient and Hessian of the residual MLP: the fast path, proven equal to autograd by test.

The R-operator (Pearlmutter 1994), forward-over-reverse, differentiates forward and backward pass along a
direction v. With tangents t_x = dx/dε at θ + ε v, gradients g_x, a = φ(h) and the block h' = h + τ A · a W,

    forward     t_h' = t_h + τ A (t_a W + a V),               t_a = φ'(h) t_h
    backward    g_h  = g_h' + φ'(h) · τ A g_h' Wᵀ
                t_gh = t_gh' + φ'(h) · τ A (t_gh' Wᵀ + g_h' Vᵀ)    (φ'' = 0 almost everywhere)
    product     (H v)_W = τ A (t_aᵀ g_h' + aᵀ t_gh')

and, at the outputs, t_gf = (∂²ℓ/∂f²) t_f. Primal activations are reused, so that a Hessian-vector product
costs no new primal pass and no graph.

Legend: R runs, B batch, D inputs, N width, C classes or outputs, P parameters.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.worker.numerics.derivatives import AutogradCurvature, KernelProduct
from muscope.worker.numerics.linalg.operators import neighbours, unflatten
from muscope.worker.numerics.losses import loss_and_gradient, output_hessian_product
from muscope.worker.numerics.network import Network, Params
from muscope.worker.numerics.networks.residual_mlp.forward import apply, block_name
from muscope.worker.numerics.networks.residual_mlp.tangent_kernel import tangent_kernel
from muscope.worker.numerics.outer_product import OuterProduct
from muscope.worker.numerics.outer_product import scaled_product as _product


@dataclass(frozen=True)
class Forward:
    """Tensors a forward pass saves: `a[l]` is φ(h_l) [R, B, N] for l = 0..depth, `f_RBC` the outputs."""

    a: list[Tensor]
    f_RBC: Tensor


def _forward(network: Network, params: Params, x_RBD: Tensor) -> Forward:
    h_RBN = _product(x_RBD, params[INPUT], network.scaling[INPUT].forward_mult)
    a = [torch.relu(h_RBN)]
    for block in range(network.depth):
        h_RBN.baddbmm_(a[-1], params[block_name(block)], alpha=network.block_mult(block))
        a.append(torch.relu(h_RBN))
    return Forward(a, _product(a[-1], params[OUTPUT], network.scaling[OUTPUT].forward_mult))


def _backward(network: Network, params: Params, forward: Forward, g_f_RBC: Tensor) -> list[Tensor]:
    """Return the gradients by h_0..h_depth, each [R, B, N]."""
    g_RBN = _product(g_f_RBC, params[OUTPUT].mT, network.scaling[OUTPUT].forward_mult)
    g_h = [_through_relu_(g_RBN, forward.a[-1])]
    for block in reversed(range(network.depth)):
        g_RBN = _product(g_h[-1], params[block_name(block)].mT, network.block_mult(block))
        g_h.append(_through_relu_(g_RBN, forward.a[block]).add_(g_h[-1]))
    return g_h[::-1]


@dataclass(frozen=True)
class ResidualMlpHessian:
    """Operator v -> C^½ H C^½ v of R runs at fixed weights, on flat vectors [R, P]."""

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
        g_h = _backward(network, params, forward, g_f_RBC)
        return cls(network, loss, params, x_RBD, forward, g_f_RBC, g_h)

    def select(self, keep: Tensor) -> ResidualMlpHessian:
        """Return the operator of the runs `keep` (indices) only."""
        rows = neighbours(keep)
        return ResidualMlpHessian(
            self.network,
            self.loss,
            {name: tensor[rows] for name, tensor in self.params.items()},
            self.x_RBD[:1].expand(len(keep), -1, -1),  # every run has the same batch
            Forward([a[rows] for a in self.forward.a], self.forward.f_RBC[rows]),
            self.g_f_RBC[rows],
            [g[rows] for g in self.g_h],
            self.has_loss_curvature,
        )

    def unweighted(self) -> ResidualMlpHessian:
        """Return H itself: C = 1."""
        raw = {name: constants._replace(lr_mult=1.0) for name, constants in self.network.scaling.items()}
        return replace(self, network=replace(self.network, scaling=raw))

    def gauss_newton(self) -> ResidualMlpHessian:
        """Return the Gauss-Newton part (1/n) Σ Jᵀ (∂²ℓ/∂f²) J: products with every ∂ℓ/∂f set to 0."""
        return replace(
            self, g_f_RBC=torch.zeros_like(self.g_f_RBC), g_h=[torch.zeros_like(g) for g in self.g_h]
        )

    def residual(self) -> ResidualMlpHessian:
        """Return the residual part (1/n) Σ_c (∂ℓ/∂f_c) ∂²f_c/∂θ²: products with ∂²ℓ/∂f² set to 0."""
        return replace(self, has_loss_curvature=False)

    def kernel(self, row: int, root_P: Tensor | None = None) -> KernelProduct:
        """Return J C D Jᵀ / n of one run: factorised where D = 1, else by autograd."""
        if root_P is None:
            kernel = self.tangent_kernel(row)
            return KernelProduct(lambda rows: rows @ kernel, len(kernel))
        one = self.select(torch.tensor([row], device=self.x_RBD.device))
        weights = {name: constants.lr_mult for name, constants in self.network.scaling.items()}
        like = AutogradCurvature(
            apply, one.network, one.params, one.x_RBD, one.forward.f_RBC, self.loss, weights
        )
        return like.kernel(0, root_P)

    def tangent_kernel(self, row: int) -> Tensor:
        """Return J C Jᵀ / n of one run, [C·B, C·B] with all samples of an output side by side; unit 1/lr."""
        num_samples, num_outputs = self.forward.f_RBC.shape[1:]
        # The run once for every output: row c goes back from output c alone.
        one = self.select(torch.full((num_outputs,), row, device=self.x_RBD.device))
        g_f_CBC = torch.diag_embed(one.forward.f_RBC.new_ones(num_samples, num_outputs)).transpose(0, 1)
        g_h = _backward(one.network, one.params, one.forward, g_f_CBC)
        return tangent_kernel(one.network, one.x_RBD[0], [a[0] for a in one.forward.a], g_h)

    def matvec(self, v_RP: Tensor) -> Tensor:
        """Return C^½ H C^½ v, [R, P]."""
        v = unflatten(v_RP, self.params)
        t_a, t_f_RBC = self._tangent_forward(v)
        t_gradients = self._tangent_backward(v, t_a, t_f_RBC)
        return torch.cat([t_gradients[name].flatten(1) for name in self.params], dim=1)

    def _mults(self, name: str) -> tuple[float, float]:
        """Return the factor of a tensor's products, and that of products with its direction: times √C."""
        constants = self.network.scaling[name]
        branch = 1.0 if name in (INPUT, OUTPUT) else self.network.branch_mult
        mult = branch * constants.forward_mult
        return mult, mult * float(constants.lr_mult**0.5)

    def _tangent_forward(self, v: Params) -> tuple[list[Tensor], Tensor]:
        a = self.forward.a
        t_h_RBN = _product(self.x_RBD, v[INPUT], self._mults(INPUT)[1])
        t_a = [_through_relu(t_h_RBN, a[0])]
        for block in range(self.network.depth):
            name = block_name(block)
            mult, weighted = self._mults(name)
            t_h_RBN.baddbmm_(t_a[-1], self.params[name], alpha=mult).baddbmm_(
                a[block], v[name], alpha=weighted
            )
            t_a.append(_through_relu(t_h_RBN, a[block + 1]))
        mult, weighted = self._mults(OUTPUT)
        t_f_RBC = _product(t_a[-1], self.params[OUTPUT], mult)
        return t_a, t_f_RBC.baddbmm_(a[-1], v[OUTPUT], alpha=weighted)

    def _tangent_output_gradient(self, t_f_RBC: Tensor) -> Tensor:
        if not self.has_loss_curvature:
            return torch.zeros_like(t_f_RBC)
        return output_hessian_product(self.forward.f_RBC, t_f_RBC, self.loss)

    def _tangent_backward(self, v: Params, t_a: list[Tensor], t_f_RBC: Tensor) -> Params:
        a = self.forward.a
        mult, weighted = self._mults(OUTPUT)
        t_g_f_RBC = self._tangent_output_gradient(t_f_RBC)
        result = {OUTPUT: _product_rule(t_a[-1], self.g_f_RBC, a[-1], t_g_f_RBC, weighted)}
        t_g_RBN = _product(t_g_f_RBC, self.params[OUTPUT].mT, mult)
        t_g_RBN.baddbmm_(self.g_f_RBC, v[OUTPUT].mT, alpha=weighted)
        _through_relu_(t_g_RBN, a[-1])
        for block in reversed(range(self.network.depth)):
            name, g_RBN = block_name(block), self.g_h[block + 1]
            mult, weighted = self._mults(name)
            result[name] = _product_rule(t_a[block], g_RBN, a[block], t_g_RBN, weighted)
            branch_RBN = _product(t_g_RBN, self.params[name].mT, mult)
            branch_RBN.baddbmm_(g_RBN, v[name].mT, alpha=weighted)
            t_g_RBN.add_(_through_relu_(branch_RBN, a[block]))
        result[INPUT] = _product(self.x_RBD.mT, t_g_RBN, self._mults(INPUT)[1])
        return result


class HandWrittenResidualMlp:
    """Hand-written derivatives of the plain residual MLP: one layer a branch, with skips."""

    def forward_loss(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> Tensor:
        """Return the mean loss [R]; the same arithmetic as `loss_and_gradients`."""
        return loss_and_gradient(_forward(network, params, x_RBD).f_RBC, y_RBC, loss)[0]

    def loss_and_gradients(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> tuple[Tensor, dict[str, OuterProduct]]:
        """Return the mean loss [R] and, by name, its gradients as products an update may take in unformed."""
        forward = _forward(network, params, x_RBD)
        loss_R, g_f_RBC = loss_and_gradient(forward.f_RBC, y_RBC, loss)
        g_h = _backward(network, params, forward, g_f_RBC)
        factors = {INPUT: OuterProduct(x_RBD, g_h[0], network.scaling[INPUT].forward_mult)}
        for block in range(network.depth):
            mult = network.block_mult(block)
            factors[block_name(block)] = OuterProduct(forward.a[block], g_h[block + 1], mult)
        factors[OUTPUT] = OuterProduct(forward.a[-1], g_f_RBC, network.scaling[OUTPUT].forward_mult)
        return loss_R, factors

    def curvature(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> ResidualMlpHessian:
        """Return C^½ H C^½ on the batch."""
        return ResidualMlpHessian.at(network, params, x_RBD, y_RBC, loss)


def _through_relu(g_RBN: Tensor, a_RBN: Tensor) -> Tensor:
    """Return g where φ is active, 0 elsewhere: one fused kernel, as autograd uses."""
    masked: Tensor = torch.ops.aten.threshold_backward(g_RBN, a_RBN, 0)
    return masked


def _through_relu_(g_RBN: Tensor, a_RBN: Tensor) -> Tensor:
    """Do the same in place."""
    masked: Tensor = torch.ops.aten.threshold_backward.grad_input(g_RBN, a_RBN, 0, grad_input=g_RBN)
    return masked


def _product_rule(t_left: Tensor, right: Tensor, left: Tensor, t_right: Tensor, factor: float) -> Tensor:
    return _product(t_left.mT, right, factor).baddbmm_(left.mT, t_right, alpha=factor)
