"""A user's file for the rows of brought models: its description, its family, and its user's own loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import torch
from torch import Tensor

from muscope.backend.arrays import read_arrays
from muscope.backend.domain.brought.description import Description
from muscope.backend.domain.brought.question import DescribeQuestion
from muscope.backend.domain.spec.dataset import Task
from muscope.worker.brought.describe.describe import describe
from muscope.worker.brought.loading import BroughtModel, load_model
from muscope.worker.brought.training.family import brought_family
from muscope.worker.numerics.families import FamilyNetwork
from muscope.worker.numerics.program import CellProgram, TrainingData

# The residual MLP of µScope as its user would write it, without biases, depth 3, τ = 3^-½. The initial
# entries are those of µScope's draws: trajectories from other entries could not be compared.
FILE = """
import torch
from sklearn.datasets import load_digits
from torch import nn

from muscope.worker.numerics.randomness import initial_normals

sizes = (32, 64, 128, 256)
DEPTH = 3


class ResidualMLP(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.input = nn.Linear(64, width, bias=False)
        self.blocks = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(DEPTH))
        self.output = nn.Linear(width, 10, bias=False)

    def forward(self, x):
        h = self.input(x)
        for block in self.blocks:
            h = torch.add(h, block(torch.relu(h)), alpha=DEPTH ** -0.5)
        return self.output(torch.relu(h))


def build(width):
    seed = torch.initial_seed()
    model = ResidualMLP(width)
    draw(model.input, "input", seed, 64 ** -0.5)
    for index, block in enumerate(model.blocks):
        draw(block, f"block_{index}", seed, (2 / width) ** 0.5)
    draw(model.output, "output", seed, width ** -0.5)
    return model


def draw(layer, name, seed, std):
    n_out, n_in = layer.weight.shape
    normals = torch.from_numpy(initial_normals(0, seed, name, (n_in, n_out)).T.copy())
    with torch.no_grad():
        layer.weight.copy_(normals * std)


def batches(split, seed):
    bunch = load_digits()
    x, y = torch.tensor(bunch.data, dtype=torch.float32) / 8 - 1, torch.tensor(bunch.target)
    part = slice(0, 1437) if split == "train" else slice(1437, None)
    yield x[part], y[part]
"""


@lru_cache(maxsize=1)
def described() -> tuple[BroughtModel, Description, TrainingData]:
    """Return the file, its description, and the data that it brings."""
    folder = Path(mkdtemp(prefix="muscope-bench-"))
    path, arrays = folder / "model.py", folder / "own.arrays"
    path.write_text(FILE, encoding="utf-8")
    found = describe(DescribeQuestion(network="copy", path=str(path), sha256="0" * 64, arrays=str(arrays)))
    stored, _ = read_arrays(arrays)
    tensors = {name: torch.tensor(stored[name]) for name in ("x_train", "y_train", "x_val", "y_val")}
    data = TrainingData(
        tensors["x_train"],
        tensors["y_train"],
        tensors["x_val"],
        tensors["y_val"],
        task=Task.CLASSIFICATION,
        num_outputs=10,
    )
    return load_model(path), found, data


def in_double(data: TrainingData) -> TrainingData:
    """Return data whose dtype, and so that of everything, is float64."""
    return replace(data, x_train=data.x_train.double(), x_val=data.x_val.double())


@lru_cache(maxsize=1)
def file_in_double() -> BroughtModel:
    """Return the same file with initial entries in float64.

    Entries rounded to float32 are those of another network: a ReLU that switches at one step and not at the
    other's makes of 1e-8 a difference of 1e-3.
    """
    path = Path(mkdtemp(prefix="muscope-bench-")) / "model.py"
    single, double = "model = ResidualMLP(width)", "model = ResidualMLP(width).double()"
    assert single in FILE
    path.write_text(FILE.replace(single, double), encoding="utf-8")
    return load_model(path)


def family_of(
    program: CellProgram, *, is_stacked: bool, is_double: bool = False
) -> tuple[CellProgram, FamilyNetwork]:
    """Return a program on the file's network, and its computation as a stack or one by one."""
    brought, found, _ = described()
    brought = file_in_double() if is_double else brought
    model = found.family.model_copy(update={"stacked_up_to": 256 if is_stacked else 0})
    bound = brought_family(brought, model, program.width, 1)
    return CellProgram(**{**program.__dict__, "model": model, "depth": 1}), bound


def user_loop(
    width: int, lr: float, batch_of: Callable[[int], tuple[Tensor, Tensor]]
) -> Callable[[int], None]:
    """Return a function that trains so many steps as the file's user would, with torch's AdamW."""
    brought, _, _ = described()
    model = brought.build(width, 0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)

    def train(steps: int) -> None:
        for step in range(steps):
            x, y = batch_of(step)
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()

    return train
