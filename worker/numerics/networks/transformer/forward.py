"""Vision transformer and byte-level GPT as pure functions of stacked weights.

Attention is written out as two products and a softmax: fused kernels have no second derivative. The scale of
the logits is in the forward multiplier of the query weights (backend/domain/spec/families/transformer.py).

Legend: R runs, B batch, D inputs, T tokens, N width, H heads, C classes or outputs.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from muscope.backend.domain.spec.coordinates import Part
from muscope.backend.domain.spec.families.convnet import image_of
from muscope.backend.domain.spec.families.residual_mlp import INPUT, OUTPUT
from muscope.backend.domain.spec.families.transformer import (
    ATTENTION_NORM,
    BRANCH_NORM,
    CLASS_TOKEN,
    FINAL_NORM,
    GATE,
    POSITION,
    NormKind,
    Transformer,
    ViT,
    part_name,
)
from muscope.worker.numerics.network import ActivationHook, Network, Params, linear, no_hook, scaled
from muscope.worker.numerics.networks.transformer.norms import NORM_EPSILON
from muscope.worker.numerics.networks.transformer.rotary import turned


def apply_vit(network: Network, params: Params, x_RBD: Tensor, /, hook: ActivationHook = no_hook) -> Tensor:
    """Return the outputs [R, B, C] of R stacked vision transformers, read off the class token."""
    tiles_RBTD = patches(network, x_RBD)
    h_RBTN = linear(network, params, INPUT, tiles_RBTD.flatten(1, 2)).view(*tiles_RBTD.shape[:3], -1)
    token_RBTN = _vector(network, params, CLASS_TOKEN)[:, None].expand(-1, x_RBD.shape[1], -1, -1)
    h_RBTN = torch.cat([token_RBTN, h_RBTN], dim=2) + _vector(network, params, POSITION)[:, None]
    h_RBTN = _body(network, params, h_RBTN, hook, is_causal=False)
    return linear(network, params, OUTPUT, h_RBTN[:, :, 0])


def apply_gpt(network: Network, params: Params, x_RBT: Tensor, /, hook: ActivationHook = no_hook) -> Tensor:
    """Return the outputs [R, B·T, C] of R stacked language models at every position of windows [R, B, T]."""
    num_runs, _, num_tokens = x_RBT.shape
    run = torch.arange(num_runs, device=x_RBT.device)[:, None, None]
    embedded_RBTN = scaled(params[INPUT][run, x_RBT], network.scaling[INPUT].forward_mult)
    h_RBTN = embedded_RBTN
    if POSITION in params:
        h_RBTN = h_RBTN + _vector(network, params, POSITION)[:, None, :num_tokens]
    h_RBTN = _body(network, params, h_RBTN, hook, is_causal=True)
    if network.model.is_tied:
        return torch.bmm(h_RBTN.flatten(1, 2), scaled(params[INPUT].mT, network.readout_mult))
    return linear(network, params, OUTPUT, h_RBTN.flatten(1, 2))


def patches(network: Network, x_RBD: Tensor) -> Tensor:
    """Return the tiles of every image as vectors, [R, B, T, size² · channels]."""
    model, image = network.model, image_of(network.dims)
    assert isinstance(model, ViT)
    size = model.patch_size
    rows, columns = image.height // size, image.width // size
    tiled = x_RBD.reshape(*x_RBD.shape[:2], rows, size, columns, size, image.channels)
    return tiled.transpose(3, 4).flatten(4).flatten(2, 3)


def _vector(network: Network, params: Params, name: str) -> Tensor:
    """Return A · w of a tensor that is added, not multiplied: [R, rows, N]."""
    return scaled(params[name], network.scaling[name].forward_mult)


def _body(
    network: Network, params: Params, h_RBTN: Tensor, hook: ActivationHook, *, is_causal: bool
) -> Tensor:
    """Return the stream after all blocks and the final norm, [R, B, T, N]."""
    hook(Part.INPUT, h_RBTN)
    for block in range(network.depth):
        x_RBTN = _normed(network, params, part_name(block, ATTENTION_NORM), h_RBTN)
        branch_RBTN = _attention(network, params, block, x_RBTN, hook, is_causal=is_causal)
        h_RBTN = torch.add(h_RBTN, branch_RBTN, alpha=network.branch_mult)
        x_RBTN = _normed(network, params, part_name(block, BRANCH_NORM), h_RBTN)
        branch = _two_layers(network, params, block, x_RBTN.flatten(1, 2))
        h_RBTN = torch.add(h_RBTN, branch.view_as(h_RBTN), alpha=network.branch_mult)
    hook(Part.HIDDEN, h_RBTN)
    return _normed(network, params, FINAL_NORM, h_RBTN)


def _normed(network: Network, params: Params, name: str, h_RBTN: Tensor) -> Tensor:
    """Return the norm of `h` with its gain and shift, or `h` itself where the model has no norms."""
    model = network.model
    assert isinstance(model, Transformer)
    if not model.has_norm:
        return h_RBTN
    if model.norm_kind is NormKind.RMS:
        square_RBT1 = h_RBTN.square().mean(-1, keepdim=True)
        unit = h_RBTN * torch.rsqrt(square_RBT1 + NORM_EPSILON)
        return unit * _vector(network, params, f"{name}_gain")[:, None]
    unit = torch.nn.functional.layer_norm(h_RBTN, h_RBTN.shape[-1:], eps=NORM_EPSILON)
    gain, shift = (_vector(network, params, f"{name}_{part}")[:, None] for part in ("gain", "shift"))
    return torch.addcmul(shift, unit, gain)


def _two_layers(network: Network, params: Params, block: int, x_RMN: Tensor) -> Tensor:
    """Return the branch of two layers, [R, B·T, N], with GELU or SwiGLU between them."""
    model = network.model
    assert isinstance(model, Transformer)
    inner = linear(network, params, part_name(block, "mlp_in"), x_RMN)
    if model.is_gated:
        gate = linear(network, params, part_name(block, GATE), x_RMN)
        inner = torch.nn.functional.silu(gate) * inner
    else:
        inner = torch.nn.functional.gelu(inner)
    return linear(network, params, part_name(block, "mlp_out"), inner)


def _attention(
    network: Network, params: Params, block: int, x_RBTN: Tensor, hook: ActivationHook, *, is_causal: bool
) -> Tensor:
    """Return the attention branch, [R, B, T, N]."""
    model = network.model
    assert isinstance(model, Transformer)
    num_runs, num_examples, num_tokens, width = x_RBTN.shape

    def heads(name: str) -> Tensor:
        """Return [R·B·H, T, N/H]; a head of keys or values once for each head of queries that it serves."""
        projected = linear(network, params, part_name(block, name), x_RBTN.flatten(1, 2))
        split = torch.unflatten(
            projected.view(num_runs * num_examples, num_tokens, -1), 2, (-1, width // model.num_heads)
        )
        each = torch.repeat_interleave(split, model.num_heads // split.shape[2], dim=2)
        by_head = each.transpose(1, 2).flatten(0, 1)
        return turned(by_head) if model.is_rotary and name != "value" else by_head

    logits = torch.bmm(heads("query"), heads("key").mT)
    hook(Part.LOGITS, logits.view(num_runs, -1, num_tokens, num_tokens))
    if is_causal:
        logits = logits + future(num_tokens, logits.dtype, logits.device)
    mixed = torch.bmm(torch.softmax(logits, dim=-1), heads("value"))
    mixed = mixed.view(-1, model.num_heads, num_tokens, width // model.num_heads).transpose(1, 2)
    mixed_RBN = mixed.reshape(num_runs, num_examples * num_tokens, width)
    return linear(network, params, part_name(block, "attention_out"), mixed_RBN).view_as(x_RBTN)


@lru_cache(maxsize=8)
def future(num_tokens: int, dtype: torch.dtype, device: torch.device, times: int = 1) -> Tensor:
    """Return what is added to the logits of a causal model: -∞ where a token would see a later one.

    The rows [T, T] are repeated so many times.
    """
    mask = torch.full((num_tokens, num_tokens), -torch.inf, dtype=dtype, device=device).triu(1)
    return mask.repeat(times, 1)
