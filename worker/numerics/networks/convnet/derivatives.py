"""Hand-written gradient and Hessian of the two-layer convolutional net: proven equal to autograd by test.

As `input_layout.py` lays its inputs out, the net is two products with a maximum over a dimension after
each, and a readout. ReLU and maximum commute; a pool's derivative goes to the largest of its members, in
equal parts where several are (identical patches bring that about). The R-operator is that of
`residual_mlp/derivatives.py`: which member is the largest does not change around a point.

Everything is computed with the effective weights Ŵ = A · W, so that no multiplier passes over activations:
by W, gradients are A times and second derivatives A · A' times those by Ŵ.

Legend: R runs, B batch, D inputs, N channels, C classes or outputs, P parameters; M rows of the first
product, J its inner numbers.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.convnet import HIDDEN, KERNEL, image_of
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.worker.numerics.derivatives import AutogradCurvature, KernelProduct
from muscope.worker.numerics.linalg.operators import flatten, unflatten
from muscope.worker.numerics.losses import loss_and_gradient, output_hessian_product
from muscope.worker.numerics.network import Network, Params, scaled
from muscope.worker.numerics.networks.convnet.forward import apply_convnet
from muscope.worker.numerics.networks.convnet.input_layout import InputLayout, input_layout_of


class HandWrittenConvNet:
    """The derivatives of the two-layer convolutional net, as the trainer asks for them."""

    def forward_loss(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> Tensor:
        """Return the mean loss [R]; the same arithmetic as `loss_and_gradients`."""
        layout = Layout.of(network)
        forward = Forward.of(layout.inputs, layout.effective(params), x_RBD)
        return loss_and_gradient(forward.f_RBC, y_RBC, loss)[0]

    def loss_and_gradients(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> tuple[Tensor, Params]:
        """Return the mean loss [R] and, by name, its gradients [R, n_in, n_out]."""
        layout = Layout.of(network)
        w = layout.effective(params)
        forward = Forward.of(layout.inputs, w, x_RBD)
        loss_R, g_f_RBC = loss_and_gradient(forward.f_RBC, y_RBC, loss)
        g = Gradients.of(w, forward, g_f_RBC)
        return loss_R, layout.by_weights(
            {
                INPUT: torch.bmm(forward.x_RMJ.mT, g.h_1),
                HIDDEN: torch.bmm(forward.a_1.mT, g.h_2),
                OUTPUT: torch.bmm(forward.a_2.mT, g.f),
            }
        )

    def curvature(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> ConvNetHessian:
        """Return C^½ H C^½ on the batch."""
        return ConvNetHessian.at(network, params, x_RBD, y_RBC, loss)


class Layout(NamedTuple):
    """Linear map from weights W, or vectors of weights, to effective ones Ŵ = factor · W.

    Attributes:
        inputs: how inputs are laid out.
        factor: by name, A; or A · C^½ for the vectors that C^½ H C^½ is applied to.
    """

    inputs: InputLayout
    factor: dict[str, float]

    @classmethod
    def of(cls, network: Network) -> Layout:
        """Return the layout of weights."""
        factor = {name: constants.forward_mult for name, constants in network.scaling.items()}
        return cls(input_layout_of(image_of(network.dims)), factor)

    def weighted(self, network: Network) -> Layout:
        """Return the layout of vectors under C of `network`."""
        root = {name: constants.lr_mult**0.5 for name, constants in network.scaling.items()}
        return self._replace(factor={name: factor * root[name] for name, factor in self.factor.items()})

    def effective(self, params: Params) -> Params:
        """Return factor times each tensor, of the second kernel only the positions that meet an image."""
        used = params | {HIDDEN: self._used(params[HIDDEN])}
        return {name: scaled(tensor, self.factor[name]) for name, tensor in used.items()}

    def by_weights(self, by_effective: Params) -> Params:
        """Return the transpose of `effective` applied to derivatives by effective weights."""
        full = by_effective | {HIDDEN: self._put_back(by_effective[HIDDEN])}
        return {name: scaled(tensor, self.factor[name]) for name, tensor in full.items()}

    def _used(self, weight: Tensor) -> Tensor:
        kernel = self.inputs.kernel.to(weight.device)
        if len(kernel) == KERNEL:
            return weight
        return torch.unflatten(weight, 1, (KERNEL, -1)).index_select(1, kernel).flatten(1, 2)

    def _put_back(self, derivative: Tensor) -> Tensor:
        kernel = self.inputs.kernel.to(derivative.device)
        if len(kernel) == KERNEL:
            return derivative
        used = torch.unflatten(derivative, 1, (len(kernel), -1))
        full = used.new_zeros(len(used), KERNEL, *used.shape[2:])
        return full.index_copy_(1, kernel, used).flatten(1, 2)


class Pool(NamedTuple):
    """ReLU and the maximum over the third dimension of pre-activations [R, ., Q, .], with its derivatives.

    Attributes:
        is_largest: 1 for the members that are the maximum, else 0.
        share: where φ is active 1 over the number of those, else 0; Q = 1.
    """

    is_largest: Tensor
    share: Tensor

    @classmethod
    def of(cls, h: Tensor) -> tuple[Tensor, Pool]:
        """Return the results, with Q = 1, and the pool."""
        top = h.amax(2, keepdim=True)
        is_largest = torch.eq(h, top, out=torch.empty_like(h))
        share = torch.gt(top, 0.0, out=torch.empty_like(top))
        if h.shape[2] > 1:
            share.div_(is_largest.sum(2, keepdim=True))
        return torch.relu_(top), cls(is_largest, share)

    def jvp(self, t_h: Tensor) -> Tensor:
        """Return the tangent of the results, for that of the pre-activations in any shape of theirs."""
        t_h = t_h.view_as(self.is_largest)
        if t_h.shape[2] == 1:
            return t_h * self.share
        return (t_h * self.is_largest).sum(2, keepdim=True).mul_(self.share)

    def vjp(self, g_a: Tensor) -> Tensor:
        """Return the gradient by the pre-activations, for that by the results in any shape of theirs."""
        shared = g_a.view_as(self.share) * self.share
        return shared if self.is_largest.shape[2] == 1 else shared * self.is_largest

    def select(self, keep: Tensor) -> Pool:
        """Return the pools of the runs `keep` only."""
        return Pool(self.is_largest[keep], self.share[keep])


class Forward(NamedTuple):
    """Tensors a forward pass saves for the backward pass.

    Attributes:
        x_RMJ: the inputs as they are laid out.
        a_1: the input of the second convolution, [R, B · Q2 · S, K · N].
        a_2: the input of the readout, [R, B, S · N].
    """

    x_RMJ: Tensor
    pool_1: Pool
    a_1: Tensor
    pool_2: Pool
    a_2: Tensor
    f_RBC: Tensor

    @classmethod
    def of(cls, inputs: InputLayout, w: Params, x_RBD: Tensor) -> Forward:
        """Run the net with effective weights."""
        num_runs, num_examples = x_RBD.shape[:2]
        num_second, num_first, *_ = inputs.sizes
        x_RMJ = inputs.of(x_RBD)
        h_1 = torch.bmm(x_RMJ, w[INPUT])
        a_1, pool_1 = Pool.of(h_1.view(num_runs, num_examples * num_second, num_first, -1))
        a_1 = a_1.view(num_runs, -1, w[HIDDEN].shape[1])
        h_2 = torch.bmm(a_1, w[HIDDEN])
        a_2, pool_2 = Pool.of(h_2.view(num_runs, num_examples, num_second, -1))
        a_2 = a_2.view(num_runs, num_examples, -1)
        return cls(x_RMJ, pool_1, a_1, pool_2, a_2, torch.bmm(a_2, w[OUTPUT]))

    def select(self, keep: Tensor) -> Forward:
        """Return the passes of the runs `keep` only; every run has the same batch."""
        return Forward(
            self.x_RMJ[:1].expand(len(keep), -1, -1),
            self.pool_1.select(keep),
            self.a_1[keep],
            self.pool_2.select(keep),
            self.a_2[keep],
            self.f_RBC[keep],
        )


class Gradients(NamedTuple):
    """Gradients of the loss by outputs and pre-activations, as rows [R, M, N] of their products."""

    f: Tensor
    h_2: Tensor
    h_1: Tensor

    @classmethod
    def of(cls, w: Params, forward: Forward, g_f_RBC: Tensor) -> Gradients:
        """Run the backward pass with effective weights."""
        num_runs = len(g_f_RBC)
        g_h_2 = forward.pool_2.vjp(torch.bmm(g_f_RBC, w[OUTPUT].mT)).view(num_runs, -1, w[HIDDEN].shape[2])
        g_h_1 = forward.pool_1.vjp(torch.bmm(g_h_2, w[HIDDEN].mT)).view(num_runs, -1, w[INPUT].shape[2])
        return cls(g_f_RBC, g_h_2, g_h_1)


@dataclass(frozen=True)
class ConvNetHessian:
    """The operator v -> C^½ H C^½ v of R runs at fixed weights, on flat vectors [R, P].

    Attributes:
        layout: of the vectors it is applied to.
        w: effective weights.
    """

    network: Network
    loss: Loss
    params: Params
    x_RBD: Tensor
    layout: Layout
    w: Params
    forward: Forward
    g: Gradients
    has_loss_curvature: bool = True

    @classmethod
    def at(cls, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss) -> ConvNetHessian:
        """Run the primal passes once on the batch the Hessian is taken on."""
        layout = Layout.of(network)
        w = layout.effective(params)
        forward = Forward.of(layout.inputs, w, x_RBD)
        g = Gradients.of(w, forward, loss_and_gradient(forward.f_RBC, y_RBC, loss)[1])
        return cls(network, loss, params, x_RBD, layout.weighted(network), w, forward, g)

    def select(self, keep: Tensor) -> ConvNetHessian:
        """Return the operator of the runs `keep` (indices) only."""
        return replace(
            self,
            params={name: tensor[keep] for name, tensor in self.params.items()},
            x_RBD=self.x_RBD[:1].expand(len(keep), -1, -1),
            w={name: tensor[keep] for name, tensor in self.w.items()},
            forward=self.forward.select(keep),
            g=Gradients(*(tensor[keep] for tensor in self.g)),
        )

    def unweighted(self) -> ConvNetHessian:
        """Return H itself: C = 1."""
        return replace(self, layout=Layout.of(self.network))

    def gauss_newton(self) -> ConvNetHessian:
        """Return the Gauss-Newton part (1/n) Σ Jᵀ (∂²ℓ/∂f²) J: the products with every ∂ℓ/∂f set to 0."""
        return replace(self, g=Gradients(*(torch.zeros_like(tensor) for tensor in self.g)))

    def residual(self) -> ConvNetHessian:
        """Return the residual part (1/n) Σ_c (∂ℓ/∂f_c) ∂²f_c/∂θ²: the products with ∂²ℓ/∂f² set to 0."""
        return replace(self, has_loss_curvature=False)

    def kernel(self, row: int, root_P: Tensor | None = None) -> KernelProduct:
        """Return J C D Jᵀ / n of one run; D is the square of `root_P`, 1 without."""
        one = self.select(torch.tensor([row], device=self.x_RBD.device))
        is_weighted = self.layout != Layout.of(self.network)
        return AutogradCurvature(
            apply_convnet,
            one.network,
            one.params,
            one.x_RBD,
            one.forward.f_RBC,  # no kernel looks at labels
            self.loss,
            {name: c.lr_mult if is_weighted else 1.0 for name, c in self.network.scaling.items()},
        ).kernel(0, root_P)

    def matvec(self, v_RP: Tensor) -> Tensor:
        """Return C^½ H C^½ v, [R, P]."""
        v = self.layout.effective(unflatten(v_RP, self.params))
        t_a_1, t_a_2, t_g_f = self._tangent_forward(v)
        products = self.layout.by_weights(self._tangent_backward(v, t_a_1, t_a_2, t_g_f))
        return flatten({name: products[name] for name in self.params})

    def _tangent_forward(self, v: Params) -> tuple[Tensor, Tensor, Tensor]:
        """Return the tangents of `a_1`, `a_2` and of the gradient by the outputs."""
        forward, w = self.forward, self.w
        t_a_1 = forward.pool_1.jvp(torch.bmm(forward.x_RMJ, v[INPUT])).view_as(forward.a_1)
        t_h_2 = torch.bmm(t_a_1, w[HIDDEN]).baddbmm_(forward.a_1, v[HIDDEN])
        t_a_2 = forward.pool_2.jvp(t_h_2).view_as(forward.a_2)
        if not self.has_loss_curvature:
            return t_a_1, t_a_2, torch.zeros_like(forward.f_RBC)
        t_f_RBC = torch.bmm(t_a_2, w[OUTPUT]).baddbmm_(forward.a_2, v[OUTPUT])
        return t_a_1, t_a_2, output_hessian_product(forward.f_RBC, t_f_RBC, self.loss)

    def _tangent_backward(self, v: Params, t_a_1: Tensor, t_a_2: Tensor, t_g_f: Tensor) -> Params:
        forward, w, g = self.forward, self.w, self.g
        t_g_a_2 = torch.bmm(t_g_f, w[OUTPUT].mT).baddbmm_(g.f, v[OUTPUT].mT)
        t_g_h_2 = forward.pool_2.vjp(t_g_a_2).view_as(g.h_2)
        t_g_a_1 = torch.bmm(t_g_h_2, w[HIDDEN].mT).baddbmm_(g.h_2, v[HIDDEN].mT)
        t_g_h_1 = forward.pool_1.vjp(t_g_a_1).view_as(g.h_1)
        return {
            OUTPUT: torch.bmm(t_a_2.mT, g.f).baddbmm_(forward.a_2.mT, t_g_f),
            HIDDEN: torch.bmm(t_a_1.mT, g.h_2).baddbmm_(forward.a_1.mT, t_g_h_2),
            INPUT: torch.bmm(forward.x_RMJ.mT, t_g_h_1),
        }
