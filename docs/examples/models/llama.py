"""A Llama-like block: RMS norm, rotary positions, gated MLP. Put it into the folder MUSCOPE_MODELS."""

import torch
from torch import nn

sizes = (16, 32, 64, 128)
VOCABULARY, LENGTH, HEAD = 11, 12, 8


class Rms(nn.Module):
    """Root mean square norm with gains."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        """Return the normalised stream."""
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.weight


class Attention(nn.Module):
    """Causal attention of heads of a fixed size."""

    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))

    def forward(self, x):
        """Return what every position has read."""
        batch, length, width = x.shape
        q, k, v = (
            layer(x).view(batch, length, width // HEAD, HEAD).transpose(1, 2)
            for layer in (self.q, self.k, self.v)
        )
        logits = turned(q) @ turned(k).transpose(-1, -2) * HEAD**-0.5
        future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
        read = torch.softmax(logits.masked_fill(future, -1e9), dim=-1) @ v
        return self.o(read.transpose(1, 2).reshape(batch, length, width))


def turned(x):
    """Return queries or keys turned by their positions."""
    half = HEAD // 2
    at = torch.arange(x.shape[-2], device=x.device)[:, None]
    angle = at * 100.0 ** (-torch.arange(half, device=x.device) / half)
    first, second = x[..., :half], x[..., half:]
    cos, sin = torch.cos(angle), torch.sin(angle)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


class Llama(nn.Module):
    """Embedding, one block, readout."""

    def __init__(self, width):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, width)
        self.before, self.between, self.after = Rms(width), Rms(width), Rms(width)
        self.attention = Attention(width)
        self.gate, self.up = (nn.Linear(width, 2 * width, bias=False) for _ in range(2))
        self.down = nn.Linear(2 * width, width, bias=False)
        self.head = nn.Linear(width, VOCABULARY, bias=False)

    def forward(self, tokens):
        """Return the logits of every next token."""
        x = self.embed(tokens)
        x = x + self.attention(self.before(x))
        h = self.between(x)
        x = x + self.down(torch.nn.functional.silu(self.gate(h)) * self.up(h))
        return self.head(self.after(x))


def build(width):
    """Return the model of a width."""
    return Llama(width)


def batches(split, seed):
    """Yield batches of tokens, each the sum of the two before it."""
    drawn = torch.Generator().manual_seed(2 * seed + (split == "val"))
    for _ in range(8):
        tokens = torch.randint(0, VOCABULARY, (16, LENGTH + 1), generator=drawn)
        for at in range(2, LENGTH + 1):
            tokens[:, at] = (tokens[:, at - 1] + tokens[:, at - 2]) % VOCABULARY
        yield tokens[:, :-1], tokens[:, 1:]
