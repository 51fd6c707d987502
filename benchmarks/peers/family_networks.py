"""Conv net, ViT and GPT of the product as plain torch modules, scaled by `mup`."""

from __future__ import annotations

import torch
from mup import MuReadout, set_base_shapes
from mup.init import normal_
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

HEADS = 4
MLP_RATIO = 2
CONTEXT = 64
VOCABULARY = 256
CLASSES = 10
SIDE, CHANNELS, PATCH = 32, 3, 4
BASE_WIDTH = {"conv": 16, "vit": 64, "gpt": 64}


class ConvNet(nn.Module):
    """Two 3 × 3 convolutions with strides 2 and 4, each with ReLU and a pool, and a readout."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(CHANNELS, width, 3, stride=2, padding=1, bias=False)
        self.second = nn.Conv2d(width, width, 3, stride=4, padding=1, bias=False)
        self.pool = nn.MaxPool2d(2)
        self.output = MuReadout(width, CLASSES, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs [B, C] of images [B, 3, 32, 32]."""
        h = self.pool(torch.relu(self.first(x)))
        h = self.pool(torch.relu(self.second(h)))
        outputs: Tensor = self.output(h.flatten(1))
        return outputs

    def draw(self, base: int) -> None:
        """Draw weights whose std is stated at the base width."""
        normal_(self.first.weight, std=(9 * CHANNELS) ** -0.5)
        normal_(self.second.weight, std=(2 / (9 * base)) ** 0.5)
        normal_(self.output.weight, std=base**-0.5)


class Block(nn.Module):
    """Attention and a two-layer branch, norms first."""

    def __init__(self, width: int, branch: float, *, is_causal: bool) -> None:
        super().__init__()
        self.branch, self.is_causal, self.width = branch, is_causal, width
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.mlp_in = nn.Linear(width, MLP_RATIO * width, bias=False)
        self.mlp_out = nn.Linear(MLP_RATIO * width, width, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        """Return the stream [B, T, N]."""
        h = h + self.branch * self.attention(self.norm_1(h))
        branch: Tensor = self.mlp_out(gelu(self.mlp_in(self.norm_2(h))))
        return h + self.branch * branch

    def attention(self, x: Tensor) -> Tensor:
        """Return the attention branch [B, T, N]; logits are q·k / d_head, at the base width q·k / √d_head."""
        q, k, v = (
            part(x).unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in (self.query, self.key, self.value)
        )
        scale = (BASE_WIDTH["vit"] / HEADS) ** 0.5 / (self.width / HEADS)
        mixed = scaled_dot_product_attention(q, k, v, is_causal=self.is_causal, scale=scale)
        branch: Tensor = self.out(mixed.transpose(1, 2).flatten(2))
        return branch

    def draw(self, base: int) -> None:
        """Draw weights whose std is stated at the base width."""
        for layer in (self.query, self.key, self.value, self.out, self.mlp_in):
            normal_(layer.weight, std=base**-0.5)
        normal_(self.mlp_out.weight, std=(2 / (MLP_RATIO * base)) ** 0.5)


class Transformer(nn.Module):
    """Parts that both transformers share: positions, blocks, a norm and the readout."""

    def __init__(self, width: int, depth: int, num_tokens: int, num_outputs: int, *, is_causal: bool) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.empty(num_tokens, width))
        blocks = [Block(width, depth**-0.5, is_causal=is_causal) for _ in range(depth)]
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(width)
        self.output = MuReadout(width, num_outputs, bias=False)

    def draw(self, base: int) -> None:
        """Draw weights whose std is stated at the base width."""
        normal_(self.position, std=0.5**0.5)
        for block in self.blocks.children():
            assert isinstance(block, Block)
            block.draw(base)
        normal_(self.output.weight, std=base**-0.5)


class ViT(Transformer):
    """Patches of 4 × 4 pixels, a class token that is read out."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__(width, depth, (SIDE // PATCH) ** 2 + 1, CLASSES, is_causal=False)
        self.patches = nn.Conv2d(CHANNELS, width, PATCH, stride=PATCH, bias=False)
        self.token = nn.Parameter(torch.empty(1, width))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs [B, C] of images [B, 3, 32, 32]."""
        tiles = self.patches(x).flatten(2).transpose(1, 2)
        h = torch.cat([self.token.expand(len(x), 1, -1), tiles], dim=1) + self.position
        outputs: Tensor = self.output(self.norm(self.blocks(h))[:, 0])
        return outputs

    def draw(self, base: int) -> None:
        """Draw weights whose std is stated at the base width."""
        super().draw(base)
        normal_(self.patches.weight, std=(0.5 / (CHANNELS * PATCH**2)) ** 0.5)
        normal_(self.token, std=0.5**0.5)


class GPT(Transformer):
    """Bytes, each attending to those before it; the outputs of all positions are rows."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__(width, depth, CONTEXT, VOCABULARY, is_causal=True)
        self.embedding = nn.Embedding(VOCABULARY, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs [B·T, C] of windows [B, T]."""
        h = self.embedding(x) + self.position
        outputs: Tensor = self.output(self.norm(self.blocks(h)).flatten(0, 1))
        return outputs

    def draw(self, base: int) -> None:
        """Draw weights whose std is stated at the base width."""
        super().draw(base)
        normal_(self.embedding.weight, std=0.5**0.5)


Net = ConvNet | ViT | GPT


def make(family: str, width: int, depth: int) -> Net:
    """Return a network without a scale yet."""
    if family == "conv":
        return ConvNet(width)
    return ViT(width, depth) if family == "vit" else GPT(width, depth)


def build(family: str, width: int, depth: int, seed: int) -> Net:
    """Return a network under µP, drawn."""
    torch.manual_seed(seed)
    base = BASE_WIDTH[family]
    model = make(family, width, depth)
    set_base_shapes(model, make(family, base, depth), delta=make(family, 2 * base, depth))
    model.draw(base)
    return model
