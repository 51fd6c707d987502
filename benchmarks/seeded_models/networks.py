"""Five small networks in plain torch with settings that a mistake can change: a ResNet with GroupNorm, a
Llama-like block, an LSTM, attention with few keys (GQA), and a GPT-like one with a tied output.

Every network multiplies its outputs by `settings.output / m` and its attention logits by a factor of
`settings`, m = width / BASE.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

BASE, HEAD_DIM, VOCABULARY = 16, 4, 13


@dataclass(frozen=True)
class Forward:
    """Factors of the forward pass as powers: of m for outputs and embedding, of d_head for attention."""

    output: float = -1.0
    embedding: float = 0.0
    attention: float = -1.0


def build(name: str, width: int, forward: Forward) -> nn.Module:
    """Return one of the networks by name, with torch's own initial weights."""
    kinds = {"resnet": ResNet, "llama": Llama, "lstm": Recurrent, "gqa": Grouped, "tied": Tied}
    return kinds[name](width, forward)


class RmsNorm(nn.Module):
    """Norm by the root mean square, with gains, as written by hand."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, h: Tensor) -> Tensor:
        """Return h over its rms, times the gains."""
        return h * torch.rsqrt(h.square().mean(-1, keepdim=True) + 1e-6) * self.weight


class ConvBlock(nn.Module):
    """Residual block of two 3×3 convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.GroupNorm(4, width), nn.GroupNorm(4, 2 * width)
        self.conv1 = nn.Conv2d(width, 2 * width, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(2 * width, width, 3, padding=1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        """Return h and what the convolutions add."""
        result: Tensor = h + self.conv2(torch.relu(self.norm2(self.conv1(torch.relu(self.norm1(h))))))
        return result


class ResNet(nn.Module):
    """Images of 3×4×4 to 10 classes."""

    def __init__(self, width: int, forward: Forward) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.blocks = nn.ModuleList([ConvBlock(width)])
        self.norm = nn.GroupNorm(4, width)
        self.head = nn.Linear(width, 10)
        self.factors = _factors(width, forward)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        h = self.embed(x) * self.factors[0]
        for block in self.blocks:
            h = block(h)
        result: Tensor = self.head(torch.relu(self.norm(h)).mean((2, 3)) * self.factors[1])
        return result


class Attention(nn.Module):
    """Causal attention. Two heads that grow with the width, or heads of `HEAD_DIM` over one key head."""

    def __init__(self, width: int, forward: Forward, *, is_grouped: bool) -> None:
        super().__init__()
        self.head_dim = HEAD_DIM if is_grouped else width // 2
        kv_size = HEAD_DIM if is_grouped else width
        self.q_proj = nn.Linear(width, width, bias=True)
        self.k_proj, self.v_proj = (nn.Linear(width, kv_size, bias=False) for _ in range(2))
        self.o_proj = nn.Linear(width, width, bias=False)
        base = BASE // 2
        if is_grouped:  # a fixed head needs a fixed factor; a wrong one follows the width
            self.scale = HEAD_DIM**-0.5 * (width / BASE) ** (forward.attention + 1.0)
        else:
            self.scale = base**0.5 / base * (self.head_dim / base) ** forward.attention

    def forward(self, h: Tensor) -> Tensor:
        """Return what attention adds."""
        q, k, v = (p(h).unflatten(-1, (-1, self.head_dim)).transpose(1, 2) for p in self._projections())
        logits = q @ k.transpose(-1, -2) * self.scale
        mask = torch.full(logits.shape[-2:], -math.inf).triu(1)
        mixed = torch.softmax(logits + mask, -1) @ v
        result: Tensor = self.o_proj(mixed.transpose(1, 2).flatten(2))
        return result

    def _projections(self) -> tuple[nn.Module, nn.Module, nn.Module]:
        return self.q_proj, self.k_proj, self.v_proj


class LlamaBlock(nn.Module):
    """Attention and a gated MLP, each behind a norm."""

    def __init__(self, width: int, forward: Forward, *, is_grouped: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = RmsNorm(width), RmsNorm(width)
        self.attn = Attention(width, forward, is_grouped=is_grouped)
        self.gate, self.up = (nn.Linear(width, 2 * width, bias=False) for _ in range(2))
        self.down = nn.Linear(2 * width, width, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        """Return h and what the block adds."""
        h = h + self.attn(self.norm1(h))
        n = self.norm2(h)
        result: Tensor = h + self.down(nn.functional.silu(self.gate(n)) * self.up(n))
        return result


class Llama(nn.Module):
    """Tokens to the next token; no bias but the queries'."""

    is_grouped, is_tied = False, False

    def __init__(self, width: int, forward: Forward) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, width)
        self.blocks = nn.ModuleList(
            [LlamaBlock(width, forward, is_grouped=self.is_grouped) for _ in range(2)]
        )
        self.norm = RmsNorm(width)
        self.head = nn.Linear(width, VOCABULARY, bias=False)
        if self.is_tied:
            self.head.weight = self.embed.weight
        self.factors = _factors(width, forward)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of every position."""
        h = self.embed(tokens) * self.factors[0]
        for block in self.blocks:
            h = block(h)
        result: Tensor = self.head(self.norm(h)) * self.factors[1]
        return result


class Grouped(Llama):
    """The same with one head of keys and values at every width."""

    is_grouped = True


class Tied(Llama):
    """The same with the embedding as output."""

    is_tied = True


class Recurrent(nn.Module):
    """Sequences of 5 numbers to a number."""

    def __init__(self, width: int, forward: Forward) -> None:
        super().__init__()
        self.embed = nn.Linear(5, width)
        self.layers = nn.LSTM(width, width, num_layers=2, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 1)
        self.factors = _factors(width, forward)

    def forward(self, x: Tensor) -> Tensor:
        """Return a number for each sequence."""
        h = torch.tanh(self.embed(x) * self.factors[0])
        result: Tensor = self.head(self.norm(self.layers(h)[0][:, -1]) * self.factors[1])
        return result


def _factors(width: int, forward: Forward) -> tuple[float, float]:
    mult = width / BASE
    return mult**forward.embedding, mult**forward.output
