"""Layer norm and RMS norm with the first and second derivatives the block needs.

Each norm keeps the tensors its forward pass saves; `NormedRows` adds gain and shift and offers `vjp`
(gradient by its input), `jvp` (tangent of its output) and `vjp_tangent` (tangent of that gradient). The
Jacobians, r (I - 1 1ᵀ/N - u uᵀ/N) of layer norm and r (I - u uᵀ/N) of RMS norm, are symmetric, so one
function serves gradients and tangents.

Legend: R runs, M rows (examples · tokens), N width.
"""

# ruff: noqa: N815  (tensor attributes carry their shape as a suffix)
from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from muscope.worker.numerics.network import Params

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


class RmsNorm(NamedTuple):
    """RMS norm without gain at h: u = h · r (Zhang & Sennrich 2019, arXiv 1910.07467)."""

    r_RM1: Tensor
    u_RMN: Tensor

    @classmethod
    def of(cls, h_RMN: Tensor) -> RmsNorm:
        """Normalise."""
        r = torch.rsqrt(_dot(h_RMN, h_RMN).div_(h_RMN.shape[-1]).add_(NORM_EPSILON))
        return cls(r, h_RMN * r)

    def jacobian_product(self, g_RMN: Tensor) -> Tensor:
        """Return the Jacobian times g: a gradient by h, or a tangent of u."""
        along = _dot(g_RMN, self.u_RMN) / -self.u_RMN.shape[-1]
        return torch.addcmul(g_RMN, self.u_RMN, along).mul_(self.r_RM1)


def jacobian_product_tangent(
    norm: Norm | RmsNorm, t: NormTangent, g_RMN: Tensor, g_h_RMN: Tensor, t_g_RMN: Tensor
) -> Tensor:
    """Return the tangent of `norm.jacobian_product(g)` = g_h along t_h, with `t_g` the tangent of g.

    jacobian_product(t_g) - r · (t_u mean(g u) + u mean(g t_u) + g_h mean(u t_h))
    """
    scale = -norm.r_RM1 / norm.u_RMN.shape[-1]
    result = norm.jacobian_product(t_g_RMN)
    result.addcmul_(t.u_RMN, scale * _dot(g_RMN, norm.u_RMN))
    result.addcmul_(norm.u_RMN, scale * _dot(g_RMN, t.u_RMN))
    return result.addcmul_(g_h_RMN, scale * _dot(norm.u_RMN, t.h_RMN))


class NormTangent(NamedTuple):
    """Tangents of the rows before and after a norm."""

    h_RMN: Tensor
    u_RMN: Tensor


class NormGradient(NamedTuple):
    """Gradients by the rows after gain and shift, by u and by h."""

    x_RMN: Tensor
    u_RMN: Tensor
    h_RMN: Tensor


class NormedRows(NamedTuple):
    """Rows after a norm with gain and, of layer norm, shift; without a norm, the rows themselves."""

    norm: Norm | RmsNorm | None
    x_RMN: Tensor

    @classmethod
    def of(cls, w: Params, name: str, h_RMN: Tensor) -> NormedRows:
        """Normalise where there is a norm of that name; one without a shift is an RMS norm."""
        gain, shift = w.get(f"{name}_gain"), w.get(f"{name}_shift")
        if gain is None:
            return cls(None, h_RMN)
        if shift is None:
            rms = RmsNorm.of(h_RMN)
            return cls(rms, rms.u_RMN * gain)
        norm = Norm.of(h_RMN)
        return cls(norm, torch.addcmul(shift, norm.u_RMN, gain))

    def vjp(self, w: Params, name: str, g_x_RMN: Tensor, gradients: Params) -> NormGradient:
        """Return the gradients by u and h, and leave those by gain and shift in `gradients`."""
        if self.norm is None:
            return NormGradient(g_x_RMN, g_x_RMN, g_x_RMN)
        gradients[f"{name}_gain"] = (g_x_RMN * self.norm.u_RMN).sum(1, keepdim=True)
        if isinstance(self.norm, Norm):
            gradients[f"{name}_shift"] = g_x_RMN.sum(1, keepdim=True)
        g_u = g_x_RMN * w[f"{name}_gain"]
        return NormGradient(g_x_RMN, g_u, self.norm.jacobian_product(g_u))

    def jvp(self, w: Params, v: Params, name: str, t_h_RMN: Tensor) -> tuple[Tensor, NormTangent]:
        """Return the tangent of the rows, and what the backward pass needs of it."""
        if self.norm is None:
            return t_h_RMN, NormTangent(t_h_RMN, t_h_RMN)
        t = NormTangent(t_h_RMN, self.norm.jacobian_product(t_h_RMN))
        gain = w[f"{name}_gain"]
        is_layer = isinstance(self.norm, Norm)
        t_x = torch.addcmul(v[f"{name}_shift"], t.u_RMN, gain) if is_layer else t.u_RMN * gain
        return t_x.addcmul_(self.norm.u_RMN, v[f"{name}_gain"]), t

    def vjp_tangent(
        self,
        weights: tuple[Params, Params],
        name: str,
        t: NormTangent,
        g: NormGradient,
        t_g_x_RMN: Tensor,
        products: Params,
    ) -> Tensor:
        """Return the tangent of the gradient by h, and leave those by gain and shift in `products`."""
        if self.norm is None:
            return t_g_x_RMN
        w, v = (part[f"{name}_gain"] for part in weights)
        products[f"{name}_gain"] = torch.addcmul(t_g_x_RMN * self.norm.u_RMN, g.x_RMN, t.u_RMN).sum(
            1, keepdim=True
        )
        if isinstance(self.norm, Norm):
            products[f"{name}_shift"] = t_g_x_RMN.sum(1, keepdim=True)
        t_g_u = (t_g_x_RMN * w).addcmul_(g.x_RMN, v)
        return jacobian_product_tangent(self.norm, t, g.u_RMN, g.h_RMN, t_g_u)


def _dot(left: Tensor, right: Tensor) -> Tensor:
    products: Tensor = torch.linalg.vecdot(left, right)
    return products[..., None]
