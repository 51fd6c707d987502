"""Hand-written gradient and Hessian of the transformers: proven equal to autograd by test.

Blocks are in `block.py`, the embedding in front of them in `effective_weights.py`; both passes, and the
Hessian by the R-operator (Pearlmutter 1994; formulas in `residual_mlp/derivatives.py`), are put together
here.

Legend: R runs, B batch, D inputs, T tokens, M rows (examples · tokens), N width, C classes or outputs,
P parameters.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.backend.domain.spec.families.transformer import FINAL_NORM, Transformer, ViT
from muscope.worker.numerics.derivatives import AutogradCurvature, KernelProduct
from muscope.worker.numerics.linalg.operators import flatten, unflatten
from muscope.worker.numerics.losses import loss_and_gradient, output_hessian_product
from muscope.worker.numerics.network import Apply, Network, Params
from muscope.worker.numerics.networks.transformer.block import (
    BlockGradient,
    BlockPass,
    BlockTangent,
    Shape,
    backward_block,
    below,
    forward_block,
    tangent_backward_block,
    tangent_forward_block,
    with_second_derivatives,
)
from muscope.worker.numerics.networks.transformer.effective_weights import GroupedWeights, Layout, Stem
from muscope.worker.numerics.networks.transformer.forward import apply_gpt, apply_vit, future
from muscope.worker.numerics.networks.transformer.norms import NormedRows, NormGradient


class HandWrittenTransformer:
    """Hand-written derivatives of the vision transformer and of the GPT."""

    def forward_loss(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> Tensor:
        """Return the mean loss [R]; the same arithmetic as `loss_and_gradients`."""
        forward = Forward.of(Layout.of(network), params, x_RBD)
        return loss_and_gradient(forward.f_RBC, y_RBC, loss)[0]

    def loss_and_gradients(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> tuple[Tensor, Params]:
        """Return the mean loss [R] and, by name, its gradients [R, n_in, n_out]."""
        layout = Layout.of(network)
        forward = Forward.of(layout, params, x_RBD)
        loss_R, g_f_RBC = loss_and_gradient(forward.f_RBC, y_RBC, loss)
        gradients, _ = Backward.of(forward, g_f_RBC)
        return loss_R, layout.by_weights(gradients)

    def curvature(
        self, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> TransformerHessian:
        """Return C^½ H C^½ on the batch."""
        return TransformerHessian.at(network, params, x_RBD, y_RBC, loss)


@dataclass(frozen=True)
class Forward:
    """Tensors a forward pass saves; `w` are the effective weights."""

    w: GroupedWeights
    stem: Stem
    shapes: list[Shape]
    blocks: list[BlockPass]
    final: NormedRows
    f_RBC: Tensor

    @classmethod
    def of(cls, layout: Layout, params: Params, x_RBD: Tensor) -> Forward:
        """Run the net."""
        network = layout.network
        w, stem = layout.effective(params), Stem.of(network, x_RBD)
        h = stem.forward(w.rest)
        shapes = _shapes(network, h, x_RBD.shape[1])
        mask = None if stem.is_image else _mask(shapes[0], h)
        blocks = []
        for shape, weights in zip(shapes, w.blocks, strict=True):
            h, saved = forward_block(shape, weights, h, mask)
            blocks.append(saved)
        final = NormedRows.of(w.rest, FINAL_NORM, h)
        return cls(w, stem, shapes, blocks, final, torch.bmm(final.x_RMN, w.rest[OUTPUT]))


def _shapes(network: Network, h_RMN: Tensor, num_examples: int) -> list[Shape]:
    """Return the shape of each block; of images the last one need only give the class token."""
    model = network.model
    assert isinstance(model, Transformer)
    shape = Shape(
        len(h_RMN),
        num_examples,
        h_RMN.shape[1] // num_examples,
        model.num_heads,
        model.key_heads,
        is_rotary=model.is_rotary,
        is_gated=model.is_gated,
    )
    last = replace(shape, reads_first=isinstance(model, ViT))
    return [shape] * (network.depth - 1) + [last]


def _mask(shape: Shape, h_RMN: Tensor) -> Tensor:
    """Return the mask of a causal model for the rows of all query heads that share a key."""
    return future(shape.num_tokens, h_RMN.dtype, h_RMN.device, shape.num_heads // shape.num_kv_heads)


@dataclass(frozen=True)
class Backward:
    """Gradients by the outputs, around the final norm, and of each block."""

    f_RBC: Tensor
    final: NormGradient
    blocks: list[BlockGradient]

    @classmethod
    def of(cls, forward: Forward, g_f_RBC: Tensor) -> tuple[GroupedWeights, Backward]:
        """Return the gradients by effective weights, and those in between."""
        w = forward.w
        rest = {OUTPUT: torch.bmm(forward.final.x_RMN.mT, g_f_RBC)}
        g_x = torch.bmm(g_f_RBC, w.rest[OUTPUT].mT)
        final = forward.final.vjp(w.rest, FINAL_NORM, g_x, rest)
        g_h, inside, blocks = final.h_RMN, [], []
        for shape, weights, saved in _reversed(forward.shapes, w.blocks, forward.blocks):
            gradients, g = backward_block(shape, weights, saved, g_h)
            g_h = below(shape, g)
            inside.append(gradients)
            blocks.append(g)
        rest |= forward.stem.vjp(g_h, forward.shapes[0].num_tokens, w.rest[INPUT].shape[1])
        return GroupedWeights(inside[::-1], rest), cls(g_f_RBC, final, blocks[::-1])


def _reversed(*lists: list[Any]) -> zip[tuple[Any, ...]]:
    return zip(*(reversed(one) for one in lists), strict=True)


@dataclass(frozen=True)
class TransformerHessian:
    """Operator v -> C^½ H C^½ v of R runs at fixed weights, on flat vectors [R, P].

    Attributes:
        layout: of the vectors it is applied to.
    """

    network: Network
    loss: Loss
    params: Params
    x_RBD: Tensor
    layout: Layout
    forward: Forward
    g: Backward
    has_loss_curvature: bool = True

    @classmethod
    def at(
        cls, network: Network, params: Params, x_RBD: Tensor, y_RBC: Tensor, loss: Loss
    ) -> TransformerHessian:
        """Run the primal passes once on the batch the Hessian is taken on."""
        layout = Layout.of(network)
        forward = Forward.of(layout, params, x_RBD)
        _, g = Backward.of(forward, loss_and_gradient(forward.f_RBC, y_RBC, loss)[1])
        blocks = [
            with_second_derivatives(w, saved, block)
            for w, saved, block in zip(forward.w.blocks, forward.blocks, g.blocks, strict=True)
        ]
        return cls(network, loss, params, x_RBD, layout.weighted(), forward, replace(g, blocks=blocks))

    def select(self, keep: Tensor) -> TransformerHessian:
        """Return the operator of the runs `keep` (indices) only."""
        num_runs = len(self.x_RBD)

        def rows(tensor: Tensor) -> Tensor:
            """Runs come first, alone or with examples and heads."""
            return torch.unflatten(tensor, 0, (num_runs, -1))[keep].flatten(0, 1)

        forward = replace(
            self.forward,
            w=_mapped(self.forward.w, rows),
            stem=self.forward.stem.select(len(keep)),
            shapes=[replace(shape, num_runs=len(keep)) for shape in self.forward.shapes],
            blocks=_mapped(self.forward.blocks, rows),
            final=_mapped(self.forward.final, rows),
            f_RBC=self.forward.f_RBC[keep],
        )
        g = Backward(self.g.f_RBC[keep], _mapped(self.g.final, rows), _mapped(self.g.blocks, rows))
        params = {name: tensor[keep] for name, tensor in self.params.items()}
        x_RBD = self.x_RBD[:1].expand(len(keep), *self.x_RBD.shape[1:])
        return replace(self, params=params, x_RBD=x_RBD, forward=forward, g=g)

    def unweighted(self) -> TransformerHessian:
        """Return H itself: C = 1."""
        return replace(self, layout=Layout.of(self.network))

    def gauss_newton(self) -> TransformerHessian:
        """Return the Gauss-Newton part (1/n) Σ Jᵀ (∂²ℓ/∂f²) J: products with every ∂ℓ/∂f set to 0."""
        blocks = [
            block._replace(slope=whole.slope)  # no gradient of the loss
            for block, whole in zip(_mapped(self.g.blocks, torch.zeros_like), self.g.blocks, strict=True)
        ]
        g_f_RBC, final = torch.zeros_like(self.g.f_RBC), _mapped(self.g.final, torch.zeros_like)
        return replace(self, g=Backward(g_f_RBC, final, blocks))

    def residual(self) -> TransformerHessian:
        """Return the residual part (1/n) Σ_c (∂ℓ/∂f_c) ∂²f_c/∂θ²: products with ∂²ℓ/∂f² set to 0."""
        return replace(self, has_loss_curvature=False)

    def kernel(self, row: int, root_P: Tensor | None = None) -> KernelProduct:
        """Return J C D Jᵀ / n of one run; D is the square of `root_P`, 1 without."""
        one = self.select(torch.tensor([row], device=self.x_RBD.device))
        is_weighted = self.layout.factor != Layout.of(self.network).factor
        apply: Apply = apply_vit if self.forward.stem.is_image else apply_gpt
        return AutogradCurvature(
            apply,
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
        products = self.layout.by_weights(self._products(v))
        return flatten({name: products[name] for name in self.params})

    def _products(self, v: GroupedWeights) -> GroupedWeights:
        """Return the tangents of the gradients by effective weights along `v`."""
        forward, g, rest = self.forward, self.g, self.forward.w.rest
        t_h, tangents = self._tangent_blocks(v)
        t_x, t_final = forward.final.jvp(rest, v.rest, FINAL_NORM, t_h)
        t_f_RBC = torch.bmm(t_x, rest[OUTPUT]).baddbmm_(forward.final.x_RMN, v.rest[OUTPUT])
        t_g_f = (
            output_hessian_product(forward.f_RBC, t_f_RBC, self.loss)
            if self.has_loss_curvature
            else torch.zeros_like(t_f_RBC)
        )
        products = {OUTPUT: torch.bmm(t_x.mT, g.f_RBC).baddbmm_(forward.final.x_RMN.mT, t_g_f)}
        t_g_x = torch.bmm(t_g_f, rest[OUTPUT].mT).baddbmm_(g.f_RBC, v.rest[OUTPUT].mT)
        t_g_h = forward.final.vjp_tangent((rest, v.rest), FINAL_NORM, t_final, g.final, t_g_x, products)
        inside = []
        for shape, *weights, saved, t, block in _reversed(
            forward.shapes, forward.w.blocks, v.blocks, forward.blocks, tangents, g.blocks
        ):
            of_block, t_g_h = tangent_backward_block(shape, (weights[0], weights[1]), saved, t, block, t_g_h)
            inside.append(of_block)
        products |= forward.stem.vjp(t_g_h, forward.shapes[0].num_tokens, rest[INPUT].shape[1])
        return GroupedWeights(inside[::-1], products)

    def _tangent_blocks(self, v: GroupedWeights) -> tuple[Tensor, list[BlockTangent]]:
        forward = self.forward
        t_h, tangents = forward.stem.forward(v.rest), []
        for shape, w, along, saved, g in zip(
            forward.shapes, forward.w.blocks, v.blocks, forward.blocks, self.g.blocks, strict=True
        ):
            assert g.slope is not None
            t_h, t = tangent_forward_block(shape, w, along, saved, g.slope, t_h)
            tangents.append(t)
        return t_h, tangents


def _mapped(tree: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """Return nested tuples, lists and dicts of tensors with `function` applied to every tensor."""
    if isinstance(tree, Tensor):
        return function(tree)
    if isinstance(tree, dict):
        return {key: _mapped(value, function) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_mapped(value, function) for value in tree]
    if isinstance(tree, tuple):
        return type(tree)(*(_mapped(value, function) for value in tree))
    return tree
