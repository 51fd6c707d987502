"""Effective weights of the transformers, and the stem: embedding, class token and positions.

An effective weight holds A and, in a branch's last product, τ; keys and values are side by
side, and so are gate and first layer of SwiGLU. A tied
readout is the embedding matrix, transposed, times its own factor.

Legend: R runs, B batch, D inputs, T tokens, M rows (examples · tokens), N width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.backend.domain.spec.families.transformer import CLASS_TOKEN, GATE, POSITION, ViT, part_name
from muscope.worker.numerics.network import Network, Params, scaled
from muscope.worker.numerics.networks.transformer.block import Weights
from muscope.worker.numerics.networks.transformer.forward import patches

KEY, VALUE, KEY_VALUE = "key", "value", "key_value"
# Last products of the residual branches, which carry τ.
BRANCH_ENDS = ("attention_out", "mlp_out")


class GroupedWeights(NamedTuple):
    """Tensors grouped by where they belong: those of each block by their part, and the rest by name."""

    blocks: list[Weights]
    rest: Params


class Layout(NamedTuple):
    """Linear map from weights W, or vectors of weights, to effective ones Ŵ = factor · W.

    Attributes:
        factor: by name, A, times τ at the end of a branch; and C^½ for what C^½ H C^½ is applied to.
    """

    network: Network
    factor: dict[str, float]

    @classmethod
    def of(cls, network: Network) -> Layout:
        """Return the layout of weights."""
        factor = {name: constants.forward_mult for name, constants in network.scaling.items()}
        for block in range(network.depth):
            for part in BRANCH_ENDS:
                factor[part_name(block, part)] *= network.branch_mult
        return cls(network, factor)

    def weighted(self) -> Layout:
        """Return the layout of vectors under C."""
        scaling = self.network.scaling
        return self._replace(factor={n: f * scaling[n].lr_mult ** 0.5 for n, f in self.factor.items()})

    def effective(self, params: Params) -> GroupedWeights:
        """Return factor times each tensor, keys and values of a block side by side, and the readout."""
        rest = {name: scaled(tensor, self.factor[name]) for name, tensor in params.items()}
        if self.network.model.is_tied:
            rest[OUTPUT] = scaled(rest[INPUT].mT, self.network.readout_mult)
        blocks = []
        for block in range(self.network.depth):
            prefix = part_name(block, "")
            parts = {name: name.removeprefix(prefix) for name in rest if name.startswith(prefix)}
            inside = {part: rest.pop(name) for name, part in parts.items()}
            inside[KEY_VALUE] = torch.cat([inside.pop(KEY), inside.pop(VALUE)], dim=2)
            if GATE in inside:
                inside["mlp_in"] = torch.cat([inside.pop(GATE), inside["mlp_in"]], dim=2)
            blocks.append(inside)
        return GroupedWeights(blocks, rest)

    def by_weights(self, by_effective: GroupedWeights) -> Params:
        """Return the transpose of `effective` applied to derivatives by effective weights."""
        flat = dict(by_effective.rest)
        if self.network.model.is_tied:
            flat[INPUT] = flat[INPUT] + scaled(flat.pop(OUTPUT).mT, self.network.readout_mult)
        for block, inside in enumerate(by_effective.blocks):
            parts = dict(inside)
            parts[KEY], parts[VALUE] = parts.pop(KEY_VALUE).chunk(2, dim=2)
            if part_name(block, GATE) in self.factor:
                parts[GATE], parts["mlp_in"] = parts["mlp_in"].chunk(2, dim=2)
            flat |= {part_name(block, part): tensor for part, tensor in parts.items()}
        return {name: scaled(flat[name], factor) for name, factor in self.factor.items()}


@dataclass(frozen=True)
class Stem:
    """Layers between the inputs and the first block; linear in their weights.

    Attributes:
        is_image: tiles behind a class token; else bytes.
        x: tiles [R, B · (T - 1), n_in], or bytes [R, B, T].
    """

    is_image: bool
    x: Tensor
    num_examples: int
    has_positions: bool = True

    @classmethod
    def of(cls, network: Network, x_RBD: Tensor) -> Stem:
        """Cut images into tiles once."""
        is_image = isinstance(network.model, ViT)
        x = patches(network, x_RBD).flatten(1, 2) if is_image else x_RBD
        return cls(is_image, x, x_RBD.shape[1], POSITION in network.scaling)

    def forward(self, w: Params) -> Tensor:
        """Return the stream [R, M, N]."""
        if not self.is_image:
            embedded = w[INPUT][self._run, self.x]
            return (embedded + w[POSITION][:, None] if self.has_positions else embedded).flatten(1, 2)
        position = w[POSITION][:, None]
        tokens = torch.unflatten(torch.bmm(self.x, w[INPUT]), 1, (self.num_examples, -1))
        first = w[CLASS_TOKEN][:, None].expand(-1, self.num_examples, -1, -1)
        return (torch.cat([first, tokens], dim=2) + position).flatten(1, 2)

    def vjp(self, g_RMN: Tensor, num_tokens: int, vocabulary: int) -> Params:
        """Return the transpose of `forward`."""
        g_RBTN = torch.unflatten(g_RMN, 1, (self.num_examples, num_tokens))
        by_position = g_RBTN.sum(1)
        if self.is_image:
            by_input = torch.bmm(self.x.mT, g_RBTN[:, :, 1:].flatten(1, 2))
            return {INPUT: by_input, CLASS_TOKEN: by_position[:, :1], POSITION: by_position}
        flat = (self._run * vocabulary + self.x).flatten()
        by_byte = g_RMN.new_zeros(len(g_RMN) * vocabulary, g_RMN.shape[-1])
        by_byte.index_add_(0, flat, g_RMN.flatten(0, 1))
        by_token = by_byte.view(len(g_RMN), vocabulary, -1)
        return {INPUT: by_token, POSITION: by_position} if self.has_positions else {INPUT: by_token}

    def select(self, num_runs: int) -> Stem:
        """Return the stem of as many runs; every run has the same batch."""
        return replace(self, x=self.x[:1].expand(num_runs, *self.x.shape[1:]))

    @property
    def _run(self) -> Tensor:
        return torch.arange(len(self.x), device=self.x.device)[:, None, None]
