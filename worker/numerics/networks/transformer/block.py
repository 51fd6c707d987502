"""One transformer block with hand-written derivatives: both passes and the tangents of both.

    x = norm(h);  h' = h + attention(x W_q, x W_k, x W_v) W_o;  h'' = h' + φ(norm(h') W_1) W_2

φ is GELU, or SwiGLU with the gate's columns in front of the others in W_1. With fewer key heads than query
heads, the queries that share a key are further rows of one head, so attention knows no groups.
Weights are effective ones: they hold the forward multipliers and, in W_o and W_2, the branch multiplier τ.
Where only one token of the block is read, queries, h' and h'' are computed for that token alone.

Legend: R runs, B batch, T tokens, M rows (examples · tokens), N width; G runs · examples · heads.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from muscope.worker.numerics.network import Params
from muscope.worker.numerics.networks.transformer import feed_forward
from muscope.worker.numerics.networks.transformer.layers import (
    Attention,
    AttentionGradient,
    AttentionTangent,
    Heads,
)
from muscope.worker.numerics.networks.transformer.norms import NormedRows, NormGradient, NormTangent
from muscope.worker.numerics.networks.transformer.rotary import turned

# A block's tensors by their part of the name; "key_value" holds both side by side.
Weights = Params


@dataclass(frozen=True)
class Shape:
    """Shape of the stream a block works on, and of its heads.

    Attributes:
        reads_first: only the first token is read afterwards.
        num_kv_heads: heads of keys and values; each serves as many heads of queries.
        is_rotary: queries and keys are turned by their positions.
        is_gated: the branch's activation is SwiGLU.
    """

    num_runs: int
    num_examples: int
    num_tokens: int
    num_heads: int
    num_kv_heads: int
    reads_first: bool = False
    is_rotary: bool = False
    is_gated: bool = False

    def read(self, h_RMN: Tensor) -> Tensor:
        """Return the rows that are read."""
        if not self.reads_first:
            return h_RMN
        return torch.unflatten(h_RMN, 1, (self.num_examples, -1))[:, :, 0]

    def spread(self, g_RMN: Tensor) -> Tensor:
        """Return the transpose of `read`: zero rows where nothing is read."""
        if not self.reads_first:
            return g_RMN
        full = g_RMN.new_zeros(self.num_runs, self.num_examples, self.num_tokens, g_RMN.shape[-1])
        full[:, :, 0] = g_RMN
        return full.flatten(1, 2)

    def heads(self, q_RMN: Tensor, kv_RMN: Tensor) -> Heads:
        """Return rows of queries, and of keys beside values, by head of keys; turned where positions are."""
        head = kv_RMN.shape[-1] // (2 * self.num_kv_heads)
        pairs = kv_RMN.view(self.num_runs * self.num_examples, -1, 2, self.num_kv_heads, head)
        k, v = pairs.permute(2, 0, 3, 1, 4).flatten(1, 2).unbind(0)
        q = self.split(q_RMN)
        if self.is_rotary:
            q, k = self._turned(q), turned(k)
        return Heads(q, k, v)

    def _turned(self, q: Tensor, *, is_back: bool = False) -> Tensor:
        """Return queries by head of keys, turned: those of one token stand at one position."""
        return turned(torch.unflatten(q, 1, (-1, self.num_tokens)), is_back=is_back).flatten(1, 2)

    def rows(self, heads: Heads) -> tuple[Tensor, Tensor]:
        """Return the transpose of `heads`."""
        q, k = heads.q, heads.k
        if self.is_rotary:
            q, k = self._turned(q, is_back=True), turned(k, is_back=True)
        pairs = torch.unflatten(torch.stack([k, heads.v]), 1, (-1, self.num_kv_heads))
        kv = pairs.permute(1, 3, 0, 2, 4).reshape(self.num_runs, self.num_examples * self.num_tokens, -1)
        return self.merge(q), kv

    def split(self, x_RMN: Tensor) -> Tensor:
        """Return rows [R, M, N] by head of keys; those of the query heads that share it follow each other."""
        grouped = x_RMN.view(self.num_runs * self.num_examples, -1, self.num_kv_heads, *self._of_group(x_RMN))
        return grouped.permute(0, 2, 3, 1, 4).flatten(2, 3).flatten(0, 1)

    def merge(self, x: Tensor) -> Tensor:
        """Return what is by head as rows [R, M, N]."""
        group = self.num_heads // self.num_kv_heads
        rows = x.view(-1, self.num_kv_heads, group, x.shape[1] // group, x.shape[-1]).permute(0, 3, 1, 2, 4)
        return rows.reshape(self.num_runs, -1, self.num_heads * x.shape[-1])

    def _of_group(self, x_RMN: Tensor) -> tuple[int, int]:
        """Return query heads per key head, and the width of a head."""
        return self.num_heads // self.num_kv_heads, x_RMN.shape[-1] // self.num_heads


class BlockPass(NamedTuple):
    """Tensors a block's forward pass saves: `o_RMN` enters W_o, `inner_RMN` φ, `z_RMN` W_2."""

    rows_1: NormedRows
    attention: Attention
    o_RMN: Tensor
    rows_2: NormedRows
    inner_RMN: Tensor
    z_RMN: Tensor


class BlockGradient(NamedTuple):
    """Gradients by what enters and leaves the block's products; `slope`: ∂z by what enters φ."""

    norm_1: NormGradient
    q_RMN: Tensor
    kv_RMN: Tensor
    attention: AttentionGradient
    middle_RMN: Tensor
    norm_2: NormGradient
    inner_RMN: Tensor
    out_RMN: Tensor
    slope: Tensor | None = None
    g_second: Tensor | None = None


def forward_block(shape: Shape, w: Weights, h_RMN: Tensor, mask: Tensor | None) -> tuple[Tensor, BlockPass]:
    """Return the stream after the block, and the tensors saved for its derivatives."""
    rows_1 = NormedRows.of(w, "attention_norm", h_RMN)
    q = torch.bmm(shape.read(rows_1.x_RMN), w["query"])
    attention = Attention.of(shape.heads(q, torch.bmm(rows_1.x_RMN, w["key_value"])), mask)
    o = shape.merge(attention.o_GQE)
    middle = torch.baddbmm(shape.read(h_RMN), o, w["attention_out"])
    rows_2 = NormedRows.of(w, "mlp_norm", middle)
    inner = torch.bmm(rows_2.x_RMN, w["mlp_in"])
    z = feed_forward.activated(inner, is_gated=shape.is_gated)
    return torch.baddbmm(middle, z, w["mlp_out"]), BlockPass(rows_1, attention, o, rows_2, inner, z)


def backward_block(
    shape: Shape, w: Weights, saved: BlockPass, g_out_RMN: Tensor
) -> tuple[Params, BlockGradient]:
    """Return the gradients by the block's effective weights, and by all that lies in between."""
    gradients = {"mlp_out": torch.bmm(saved.z_RMN.mT, g_out_RMN)}
    g_z = torch.bmm(g_out_RMN, w["mlp_out"].mT)
    g_inner = feed_forward.vjp(saved.inner_RMN, g_z)
    gradients["mlp_in"] = torch.bmm(saved.rows_2.x_RMN.mT, g_inner)
    norm_2 = saved.rows_2.vjp(w, "mlp_norm", torch.bmm(g_inner, w["mlp_in"].mT), gradients)
    g_middle = g_out_RMN + norm_2.h_RMN
    gradients["attention_out"] = torch.bmm(saved.o_RMN.mT, g_middle)
    attention = saved.attention.vjp(shape.split(torch.bmm(g_middle, w["attention_out"].mT)))
    g_q, g_kv = shape.rows(attention.heads)
    x = saved.rows_1.x_RMN
    gradients["query"] = torch.bmm(shape.read(x).mT, g_q)
    gradients["key_value"] = torch.bmm(x.mT, g_kv)
    g_x = shape.spread(torch.bmm(g_q, w["query"].mT)).baddbmm_(g_kv, w["key_value"].mT)
    norm_1 = saved.rows_1.vjp(w, "attention_norm", g_x, gradients)
    return gradients, BlockGradient(norm_1, g_q, g_kv, attention, g_middle, norm_2, g_inner, g_out_RMN)


def below(shape: Shape, g: BlockGradient) -> Tensor:
    """Return the gradient by the stream in front of the block."""
    return shape.spread(g.middle_RMN) + g.norm_1.h_RMN


class BlockTangent(NamedTuple):
    """Tangents of the tensors a block's forward pass saves."""

    norm_1: NormTangent
    x_1_RMN: Tensor
    attention: AttentionTangent
    o_RMN: Tensor
    norm_2: NormTangent
    x_2_RMN: Tensor
    inner_RMN: Tensor
    z_RMN: Tensor


def with_second_derivatives(w: Weights, saved: BlockPass, g: BlockGradient) -> BlockGradient:
    """Return the gradients with what tangents of the backward pass need of them."""
    g_z = torch.bmm(g.out_RMN, w["mlp_out"].mT)
    slope, g_second = feed_forward.second_derivatives(saved.inner_RMN, g_z)
    attention = saved.attention.centre(g.attention)
    return g._replace(attention=attention, slope=slope, g_second=g_second)


def tangent_forward_block(
    shape: Shape, w: Weights, v: Weights, saved: BlockPass, slope: Tensor, t_h_RMN: Tensor
) -> tuple[Tensor, BlockTangent]:
    """Return the tangent of the stream after the block along `v` and `t_h`; `slope` is that of φ."""
    x_1, x_2 = saved.rows_1.x_RMN, saved.rows_2.x_RMN
    t_x_1, norm_1 = saved.rows_1.jvp(w, v, "attention_norm", t_h_RMN)
    t_q = _both(shape.read(t_x_1), w["query"], shape.read(x_1), v["query"])
    t_kv = _both(t_x_1, w["key_value"], x_1, v["key_value"])
    attention = saved.attention.jvp(shape.heads(t_q, t_kv))
    t_o = shape.merge(attention.o_GQE)
    t_middle = torch.baddbmm(shape.read(t_h_RMN), t_o, w["attention_out"]).baddbmm_(
        saved.o_RMN, v["attention_out"]
    )
    t_x_2, norm_2 = saved.rows_2.jvp(w, v, "mlp_norm", t_middle)
    t_inner = _both(t_x_2, w["mlp_in"], x_2, v["mlp_in"])
    t_z = feed_forward.jvp(slope, t_inner, is_gated=shape.is_gated)
    t_out = torch.baddbmm(t_middle, t_z, w["mlp_out"]).baddbmm_(saved.z_RMN, v["mlp_out"])
    return t_out, BlockTangent(norm_1, t_x_1, attention, t_o, norm_2, t_x_2, t_inner, t_z)


def tangent_backward_block(
    shape: Shape,
    weights: tuple[Weights, Weights],
    saved: BlockPass,
    t: BlockTangent,
    g: BlockGradient,
    t_g_out_RMN: Tensor,
) -> tuple[Params, Tensor]:
    """Return the tangents of the gradients by effective weights, and by the stream in front of the block."""
    w, v = weights
    assert g.slope is not None
    assert g.g_second is not None
    x_1, x_2 = saved.rows_1.x_RMN, saved.rows_2.x_RMN
    products = {"mlp_out": _product_rule(t.z_RMN, g.out_RMN, saved.z_RMN, t_g_out_RMN)}
    t_g_z = _both(t_g_out_RMN, w["mlp_out"].mT, g.out_RMN, v["mlp_out"].mT)
    t_g_inner = feed_forward.vjp_tangent(g.slope, g.g_second, t.inner_RMN, t_g_z)
    products["mlp_in"] = _product_rule(t.x_2_RMN, g.inner_RMN, x_2, t_g_inner)
    t_g_x_2 = _both(t_g_inner, w["mlp_in"].mT, g.inner_RMN, v["mlp_in"].mT)
    t_g_middle = t_g_out_RMN + saved.rows_2.vjp_tangent(
        weights, "mlp_norm", t.norm_2, g.norm_2, t_g_x_2, products
    )
    products["attention_out"] = _product_rule(t.o_RMN, g.middle_RMN, saved.o_RMN, t_g_middle)
    t_g_o = _both(t_g_middle, w["attention_out"].mT, g.middle_RMN, v["attention_out"].mT)
    heads = saved.attention.vjp_tangent(t.attention, g.attention, shape.split(t_g_o))
    t_g_q, t_g_kv = shape.rows(heads)
    products["query"] = _product_rule(shape.read(t.x_1_RMN), g.q_RMN, shape.read(x_1), t_g_q)
    products["key_value"] = _product_rule(t.x_1_RMN, g.kv_RMN, x_1, t_g_kv)
    t_g_x_1 = shape.spread(_both(t_g_q, w["query"].mT, g.q_RMN, v["query"].mT))
    t_g_x_1 = t_g_x_1.baddbmm_(t_g_kv, w["key_value"].mT).baddbmm_(g.kv_RMN, v["key_value"].mT)
    t_g_h = saved.rows_1.vjp_tangent(weights, "attention_norm", t.norm_1, g.norm_1, t_g_x_1, products)
    return products, shape.spread(t_g_middle) + t_g_h


def _both(t_x: Tensor, w: Tensor, x: Tensor, v: Tensor) -> Tensor:
    """Return the tangent of x w."""
    return torch.bmm(t_x, w).baddbmm_(x, v)


def _product_rule(t_left: Tensor, right: Tensor, left: Tensor, t_right: Tensor) -> Tensor:
    """Return the tangent of leftᵀ right."""
    return torch.bmm(t_left.mT, right).baddbmm_(left.mT, t_right)
