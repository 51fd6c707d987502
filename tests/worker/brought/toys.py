"""Files as users write them, for tests: a small network, and texts that are put around it."""

from __future__ import annotations

from pathlib import Path

WIDTHS = (16, 32, 64, 128)
NETWORK = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width, factor=None):
        super().__init__()
        self.embed = nn.Embedding(11, width)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width, bias=False)
        self.last = nn.LayerNorm(width)
        self.head = nn.Linear(width, 11, bias=False)

    def forward(self, tokens):
        h = self.embed(tokens)
        h = h + self.down(torch.relu(self.up(self.norm(h))))
        return self.head(self.last(h))


def build(width):
    return Net(width)


def batches(split, seed):
    drawn = torch.Generator().manual_seed(seed)
    while True:
        tokens = torch.randint(0, 11, (4, 9), generator=drawn)
        yield tokens[:, :-1], tokens[:, 1:]
"""
# µP by hand under AdamW, with an output that carries its own 1/width.
GROUPS = """

def optimizer(model, width, lr):
    mult = width / 16
    scaled = {model.up.weight, model.down.weight, model.head.weight}
    with torch.no_grad():
        model.head.weight.mul_(mult ** -0.5)
    rest = [p for p in model.parameters() if p not in scaled]
    groups = [{"params": list(scaled), "lr": lr / mult}, {"params": rest}]
    return torch.optim.AdamW(groups, lr, weight_decay=0)
"""


def write(folder: Path, text: str, name: str = "model.py") -> Path:
    """Write a user's file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
