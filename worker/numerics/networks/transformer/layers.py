"""Layer norm, softmax attention and GELU with the first and second derivatives the block needs.

Each layer keeps the tensors its forward pass saves and offers `vjp` (gradient by its input), `jvp` (tangent
of its output) and `vjp_tangent` (tangent of that gradient). Layer norm's Jacobian r (I - 1 1ᵀ/N - u uᵀ/N)
and softmax's diag(p) - p pᵀ are symmetric, so one fused kernel of torch serves gradients and tangents.

Legend: R runs, M rows (examples · tokens), N width; G runs · examples · heads, Q queries, T tokens,
E width of a head.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

NORM_EPSILON = 1e-5


class Norm(NamedTuple):
    """Layer norm without gain and shift at h: u = (h - mean) · r."""

    h_RMN: Tensor
    mean_RM1: Tensor
    r_RM1: Tensor
    u_RMN: Tensor

    @classmethod
    def of(cls, h_RMN: Tensor) -> Norm:
        """Normalise."""
        u, mean, r = torch.native_layer_norm(h_RMN, h_RMN.shape[-1:], None, None, NORM_EPSILON)
        return cls(h_RMN, mean, r, u)

    def jacobian_product(self, g_RMN: Tensor) -> Tensor:
        """Return the Jacobian times g: a gradient by h, or a tangent of u."""
        result: Tensor = torch.ops.aten.native_layer_norm_backward(
            g_RMN,
            self.h_RMN,
            self.h_RMN.shape[-1:],
            self.mean_RM1,
            self.r_RM1,
            None,
            None,
            [True, False, False],
        )[0]
        return result

    def jacobian_product_tangent(
        self, t: NormTangent, g_RMN: Tensor, g_h_RMN: Tensor, t_g_RMN: Tensor
    ) -> Tensor:
        """Return the tangent of `jacobian_product(g)` = g_h along t_h, with `t_g` the tangent of g.

        jacobian_product(t_g) - r · (t_u mean(g u) + u mean(g t_u) + g_h mean(u t_h))
        """
        scale = -self.r_RM1 / self.u_RMN.shape[-1]
        result = self.jacobian_product(t_g_RMN)
        result.addcmul_(t.u_RMN, scale * _dot(g_RMN, self.u_RMN))
        result.addcmul_(self.u_RMN, scale * _dot(g_RMN, t.u_RMN))
        return result.addcmul_(g_h_RMN, scale * _dot(self.u_RMN, t.h_RMN))

    def select(self, keep: Tensor) -> Norm:
        """Return the norms of the runs `keep` only."""
        return Norm(*(tensor[keep] for tensor in self))


class NormTangent(NamedTuple):
    """Tangents of what goes in and what comes out."""

    h_RMN: Tensor
    u_RMN: Tensor


def _dot(left: Tensor, right: Tensor) -> Tensor:
    products: Tensor = torch.linalg.vecdot(left, right)
    return products[..., None]


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


def gelu_derivatives(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and second derivative of x Φ(x): Φ + x φ, and φ (2 - x²)."""
    density = torch.exp(x.square().mul_(-0.5)).mul_(1.0 / math.sqrt(2.0 * math.pi))
    cumulative = torch.erf(x * math.sqrt(0.5)).add_(1.0).mul_(0.5)
    first = torch.addcmul(cumulative, x, density)
    return first, density * (2.0 - x.square())
