"""A network that gets adapters, and plans of its ranks."""

from __future__ import annotations

from typing import Any

from muscope.backend.domain.brought.description import Description
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.worker.numerics.program import CellProgram, TrainingData
from tests.worker.brought.trained import program

FILE = """
import torch
from torch import nn

sizes = (8, 16, 24, 32)


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv1d(1, width, 6)
        self.up = nn.Linear(width, width)
        self.mixed = nn.Linear(width, width, bias=False)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, 3)

    def forward(self, x):
        hidden = torch.relu(self.up(self.conv(x[:, None]).mean(-1)))
        hidden = hidden + torch.tanh(nn.functional.linear(hidden, self.mixed.weight))
        return self.out(self.norm(hidden))


def build(width):
    return Net(width)


def pretrained(width):
    drawn = torch.Generator().manual_seed(7)
    shapes = {name: weight.shape for name, weight in Net(width).state_dict().items()}
    return {name: 0.4 * torch.randn(shape, generator=drawn) for name, shape in shapes.items()}


def batches(split, seed):
    drawn = torch.Generator().manual_seed(seed + (split == "val"))
    for _ in range(4):
        x = torch.randn(16, 6, generator=drawn)
        yield x, (x[:, :3].argmax(1))
"""
RUNS = tuple(PlannedRun(index, lr, seed) for index, lr in enumerate((0.01, 0.05)) for seed in (0, 1))
WIDTH = 16
BASE_RANK = 2


def adapted(found: Description, **options: Any) -> Adapted:
    """Return the network of the file at one width with adapters."""
    asked = Adapted(network="own", network_width=WIDTH, alpha=3.0, **options)
    return asked.described_by(found.family, found.adaptable)


def planned(model: Adapted, data: TrainingData, rank: int = 6, **changes: Any) -> CellProgram:
    values = {"width": rank, "base_width": BASE_RANK, "runs": RUNS, "num_steps": 20, "chunk_steps": 21}
    values |= {"measure_every": 10, "parametrization": model.scale.arm}
    return program(model, data, **values | changes)
