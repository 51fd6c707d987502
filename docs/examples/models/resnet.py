"""A small ResNet; `NORM` chooses group or batch norm. Put it into the folder MUSCOPE_MODELS."""

import torch
from torch import nn

sizes = (8, 16, 32, 64)
CLASSES, SIDE = 3, 8
NORM = "group"


def norm(width):
    """Return the norm of a feature map."""
    return nn.GroupNorm(4, width) if NORM == "group" else nn.BatchNorm2d(width)


class Block(nn.Module):
    """A residual block of two convolutions."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
        self.norm1, self.norm2 = norm(width), norm(width)

    def forward(self, x):
        """Return the feature map after the block."""
        branch = self.first(torch.relu(self.norm1(x)))
        return x + self.second(torch.relu(self.norm2(branch)))


class ResNet(nn.Module):
    """Stem, one block, mean over positions, readout."""

    def __init__(self, width):
        super().__init__()
        self.stem = nn.Conv2d(1, width, 3, padding=1, bias=False)
        self.block = Block(width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        """Return the logits."""
        return self.head(torch.relu(self.block(self.stem(x))).mean(dim=(2, 3)))


def build(width):
    """Return the model of a width."""
    return ResNet(width)


def batches(split, seed):
    """Yield noisy stripes: horizontal, vertical or diagonal."""
    drawn = torch.Generator().manual_seed(2 * seed + (split == "val"))
    row, column = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    kinds = torch.stack([row % 2, column % 2, (row + column) % 2]).float()
    for _ in range(8):
        y = torch.randint(0, CLASSES, (16,), generator=drawn)
        yield kinds[y][:, None] + 0.5 * torch.randn(16, 1, SIDE, SIDE, generator=drawn), y
