"""Softmax attention with the first and second derivatives the block needs.

Attention keeps the tensors its forward pass saves and offers `vjp` (gradient by its input), `jvp` (tangent
of its output) and `vjp_tangent` (tangent of that gradient). Softmax's Jacobian diag(p) - p pᵀ is symmetric,
so one fused kernel of torch serves gradients and tangents.

Legend: G runs · examples · heads, Q queries, T tokens, E width of a head.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Heads(NamedTuple):
    """Queries, keys and values, or their tangents or gradients: [G, Q, E], [G, T, E], [G, T, E]."""

    q: Tensor
    k: Tensor
    v: Tensor


class Attention(NamedTuple):
    """Softmax attention o = p v, p = softmax(q kᵀ + mask); the scale of the logits is in the queries."""

    heads: Heads
    p_GQT: Tensor
    o_GQE: Tensor

    @classmethod
    def of(cls, heads: Heads, mask_QT: Tensor | None) -> Attention:
        """Attend."""
        if mask_QT is None:
            logits = torch.bmm(heads.q, heads.k.mT)
        else:
            logits = torch.baddbmm(mask_QT, heads.q, heads.k.mT)
        p = torch.softmax(logits, dim=-1)
        return cls(heads, p, torch.bmm(p, heads.v))

    def vjp(self, g_o_GQE: Tensor) -> AttentionGradient:
        """Return the gradients, for that by o."""
        g_p = torch.bmm(g_o_GQE, self.heads.v.mT)
        g_logits = self._softmax_jacobian_product(g_p)
        by = Heads(
            torch.bmm(g_logits, self.heads.k),
            torch.bmm(g_logits.mT, self.heads.q),
            torch.bmm(self.p_GQT.mT, g_o_GQE),
        )
        return AttentionGradient(g_o_GQE, g_p, g_logits, by)

    def centre(self, g: AttentionGradient) -> AttentionGradient:
        """Return the gradients with that by p centred, as tangents need it."""
        return g._replace(centred_GQT=g.centred_GQT - (g.centred_GQT * self.p_GQT).sum(-1, keepdim=True))

    def jvp(self, t: Heads) -> AttentionTangent:
        """Return the tangents, for those of the heads."""
        t_logits = torch.bmm(t.q, self.heads.k.mT).baddbmm_(self.heads.q, t.k.mT)
        t_p = self._softmax_jacobian_product(t_logits)
        return AttentionTangent(t, t_p, torch.bmm(t_p, self.heads.v).baddbmm_(self.p_GQT, t.v))

    def vjp_tangent(self, t: AttentionTangent, g: AttentionGradient, t_g_o_GQE: Tensor) -> Heads:
        """Return the tangents of the gradients by the heads.

        With c = g_p - Σ g_p p, the tangent of g_logits = p c is jacobian_product(t_g_p) + t_p c - p Σ t_p c.
        """
        heads = self.heads
        t_g_p = torch.bmm(t_g_o_GQE, heads.v.mT).baddbmm_(g.o_GQE, t.heads.v.mT)
        bent = t.p_GQT * g.centred_GQT
        t_g_logits = self._softmax_jacobian_product(t_g_p).add_(bent)
        t_g_logits.addcmul_(self.p_GQT, bent.sum(-1, keepdim=True), value=-1)
        return Heads(
            torch.bmm(t_g_logits, heads.k).baddbmm_(g.logits_GQT, t.heads.k),
            torch.bmm(t_g_logits.mT, heads.q).baddbmm_(g.logits_GQT.mT, t.heads.q),
            torch.bmm(t.p_GQT.mT, g.o_GQE).baddbmm_(self.p_GQT.mT, t_g_o_GQE),
        )

    def _softmax_jacobian_product(self, g_GQT: Tensor) -> Tensor:
        """Return p (g - Σ p g): a gradient by the logits, or a tangent of p."""
        result: Tensor = torch.ops.aten._softmax_backward_data(g_GQT, self.p_GQT, -1, g_GQT.dtype)
        return result


class AttentionGradient(NamedTuple):
    """Gradients by o, by p (or, once asked for, that minus its mean under p), by the logits and the heads."""

    o_GQE: Tensor
    centred_GQT: Tensor
    logits_GQT: Tensor
    heads: Heads


class AttentionTangent(NamedTuple):
    """Tangents of the heads, p and o."""

    heads: Heads
    p_GQT: Tensor
    o_GQE: Tensor
