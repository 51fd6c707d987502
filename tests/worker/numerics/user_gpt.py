"""A language model as a user would write it with modules of torch, to compare µScope's GPT with.

It shares no code with µScope: rotary positions turn complex numbers, attention is torch's own, weights are
those of `nn.Linear`. Multipliers that a recipe leaves outside of the weights are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Config:
    """Shape and options of the network, and the multipliers that its forward pass has."""

    width: int
    depth: int
    heads: int
    kv_heads: int
    hidden: int
    vocabulary: int
    context: int
    norm: str | None = "layer"
    is_tied: bool = False
    is_gated: bool = False
    is_rotary: bool = False
    attention_scale: float = 1.0
    branch_mult: float = 1.0
    readout_mult: float = 1.0

    def make_norm(self) -> nn.Module:
        if self.norm is None:
            return nn.Identity()
        kind = nn.RMSNorm if self.norm == "rms" else nn.LayerNorm
        made: nn.Module = kind(self.width, eps=1e-5)
        return made


class Attention(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        size = config.width // config.heads
        self.config, self.size = config, size
        self.q = nn.Linear(config.width, config.heads * size, bias=False)
        self.k = nn.Linear(config.width, config.kv_heads * size, bias=False)
        self.v = nn.Linear(config.width, config.kv_heads * size, bias=False)
        self.o = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            layer(x).unflatten(-1, (-1, self.size)).transpose(1, 2) for layer in (self.q, self.k, self.v)
        )
        if self.config.is_rotary:
            q, k = turned(q), turned(k)
        mixed = functional.scaled_dot_product_attention(
            q, k, v, is_causal=True, scale=self.config.attention_scale, enable_gqa=True
        )
        result: torch.Tensor = self.o(mixed.transpose(1, 2).flatten(2))
        return result


def turned(x: torch.Tensor) -> torch.Tensor:
    """Turn the pairs (i, i + size/2) of position t by t · 10000^(-2i/size), as complex numbers."""
    half = x.shape[-1] // 2
    angles = torch.outer(
        torch.arange(x.shape[-2], dtype=x.dtype), 10000.0 ** (-torch.arange(half, dtype=x.dtype) / half)
    )
    pairs = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([pairs.real, pairs.imag], dim=-1)


class FeedForward(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        if config.is_gated:
            self.gate = nn.Linear(config.width, config.hidden, bias=False)
        self.up = nn.Linear(config.width, config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        is_gated = hasattr(self, "gate")
        inner = functional.silu(self.gate(x)) * self.up(x) if is_gated else functional.gelu(self.up(x))
        result: torch.Tensor = self.down(inner)
        return result


class Block(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.branch_mult = config.branch_mult
        self.attention_norm, self.attention = config.make_norm(), Attention(config)
        self.mlp_norm, self.mlp = config.make_norm(), FeedForward(config)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        h = h + self.branch_mult * self.attention(self.attention_norm(h))
        result: torch.Tensor = h + self.branch_mult * self.mlp(self.mlp_norm(h))
        return result


class UserGPT(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        if not config.is_rotary:
            self.position = nn.Embedding(config.context, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = config.make_norm()
        self.head = nn.Linear(config.width, config.vocabulary, bias=False)
        if config.is_tied:
            self.head.weight = self.embedding.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        h = self.embedding(tokens)
        if not self.config.is_rotary:
            h = h + self.position.weight[: tokens.shape[-1]]
        for block in self.blocks:
            h = block(h)
        result: torch.Tensor = self.head(self.config.readout_mult * self.norm(h)).flatten(0, 1)
        return result


_PARTS = {
    "attention.q.weight": "query",
    "attention.k.weight": "key",
    "attention.v.weight": "value",
    "attention.o.weight": "attention_out",
    "mlp.gate.weight": "mlp_gate",
    "mlp.up.weight": "mlp_in",
    "mlp.down.weight": "mlp_out",
}
_ENDS = {"embedding.weight": "input", "position.weight": "position", "head.weight": "output"}


def names_of(model: UserGPT) -> dict[str, str]:
    """Return µScope's names of the parameters, by the user's."""
    return {name: _name_of(name) for name, _ in model.named_parameters()}


def _name_of(name: str) -> str:
    if name.startswith("blocks."):
        _, block, part = name.split(".", 2)
        return f"block_{block}_{_PARTS.get(part) or _norm_name(part)}"
    return _ENDS.get(name) or "final_" + _norm_name(name)


def _norm_name(name: str) -> str:
    return name.replace(".weight", "_gain").replace(".bias", "_shift")


def is_transposed(name: str) -> bool:
    """Return whether the user's matrix is µScope's, transposed; told by the user's name."""
    return name.startswith(("head.", "blocks.")) and "norm" not in name


def as_user(name: str, weight: torch.Tensor) -> torch.Tensor:
    """Return µScope's matrix [n_in, n_out] in the shape of the user's parameter of a name."""
    if is_transposed(name):
        return weight.mT
    return weight[0] if "norm" in name else weight
