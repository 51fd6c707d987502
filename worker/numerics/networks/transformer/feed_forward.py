"""Activation of a block's two-layer branch, GELU or SwiGLU, with the derivatives the block needs.

    GELU     z = a Φ(a)
    SwiGLU   z = a σ(a) · b, with gate a and b side by side in the rows that enter (Shazeer 2020, arXiv
             2002.05202)

Rows that enter are [R, M, H] or, of SwiGLU, [R, M, 2H]; those that leave are [R, M, H].

Legend: R runs, M rows (examples · tokens), H hidden units.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def activated(inner: Tensor, *, is_gated: bool) -> Tensor:
    """Return z."""
    if not is_gated:
        return torch.nn.functional.gelu(inner)
    gate, up = inner.chunk(2, dim=-1)
    return torch.nn.functional.silu(gate) * up


def vjp(inner: Tensor, g_z: Tensor) -> Tensor:
    """Return the gradient by the rows that enter, for that by z."""
    if inner.shape == g_z.shape:
        gradient: Tensor = torch.ops.aten.gelu_backward(g_z, inner)
        return gradient
    gate, up = inner.chunk(2, dim=-1)
    return torch.cat(
        [
            torch.ops.aten.silu_backward(g_z * up, gate),
            g_z * torch.nn.functional.silu(gate),
        ],
        dim=-1,
    )


def second_derivatives(inner: Tensor, g_z: Tensor) -> tuple[Tensor, Tensor]:
    """Return ∂z by each of the rows that enter, and g_z times the second derivatives; may overwrite `g_z`.

    Of SwiGLU the second derivatives are those by a twice, and by a and b; by b twice there is none.
    """
    if inner.shape == g_z.shape:
        first, second = gelu_derivatives(inner)
        return first, g_z.mul_(second)
    gate, up = inner.chunk(2, dim=-1)
    value, first, second = silu_derivatives(gate)
    slopes = torch.cat([up * first, value], dim=-1)
    return slopes, torch.cat([g_z * up * second, g_z * first], dim=-1)


def jvp(first: Tensor, t_inner: Tensor, *, is_gated: bool) -> Tensor:
    """Return the tangent of z."""
    if not is_gated:
        return t_inner * first
    by_gate, by_up = first.chunk(2, dim=-1)
    t_gate, t_up = t_inner.chunk(2, dim=-1)
    return torch.addcmul(by_gate * t_gate, by_up, t_up)


def vjp_tangent(first: Tensor, g_second: Tensor, t_inner: Tensor, t_g_z: Tensor) -> Tensor:
    """Return the tangent of `vjp`, for that of the gradient by z; may overwrite `t_g_z`."""
    if first.shape == t_g_z.shape:
        return t_g_z.mul_(first).addcmul_(g_second, t_inner)
    result = torch.cat([t_g_z, t_g_z], dim=-1).mul_(first)
    twice, mixed = g_second.chunk(2, dim=-1)
    t_gate, t_up = t_inner.chunk(2, dim=-1)
    by_gate, by_up = result.chunk(2, dim=-1)
    by_gate.addcmul_(twice, t_gate).addcmul_(mixed, t_up)
    by_up.addcmul_(mixed, t_gate)
    return result


def gelu_derivatives(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and second derivative of x Φ(x): Φ + x φ, and φ (2 - x²)."""
    density = torch.exp(x.square().mul_(-0.5)).mul_(1.0 / math.sqrt(2.0 * math.pi))
    cumulative = torch.erf(x * math.sqrt(0.5)).add_(1.0).mul_(0.5)
    first = torch.addcmul(cumulative, x, density)
    return first, density * (2.0 - x.square())


def silu_derivatives(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return x σ, its first and its second derivative: σ + x σ', and σ' (2 + x (1 - 2σ)), σ' = σ (1 - σ)."""
    sigma = torch.sigmoid(x)
    slope = sigma * (1.0 - sigma)
    first = torch.addcmul(sigma, x, slope)
    return x * sigma, first, slope * (2.0 + x * (1.0 - 2.0 * sigma))
