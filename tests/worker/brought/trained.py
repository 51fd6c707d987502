"""Training of a user's file, for tests: its description, its own data and a program of a few runs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import torch

from muscope.backend.arrays import read_arrays
from muscope.backend.domain.brought.description import Description
from muscope.backend.domain.brought.question import DescribeQuestion
from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.brought.describe.describe import describe
from muscope.worker.brought.loading import load_model
from muscope.worker.brought.training.family import brought_family
from muscope.worker.numerics.program import CellProgram, TrainingData, Window
from muscope.worker.numerics.trainer import train

SHA256 = "ab" * 32


@cache
def described(path: Path) -> tuple[Description, TrainingData]:
    """Describe a file and return its own data as tensors."""
    arrays = path.with_suffix(".arrays")
    found = describe(DescribeQuestion(network="own", path=str(path), sha256=SHA256, arrays=str(arrays)))
    stored, _ = read_arrays(arrays)
    x_train, y_train, x_val, y_val = (
        torch.tensor(stored[name]) for name in ("x_train", "y_train", "x_val", "y_val")
    )
    shape = found.own_data
    return found, TrainingData(x_train, y_train, x_val, y_val, shape.task, shape.num_outputs)


def program(family: Brought, data: TrainingData, **changes: Any) -> CellProgram:
    """Return a program of four runs at the base width."""
    default_loss = Loss.SQUARED_ERROR if data.task is Task.REGRESSION else Loss.CROSS_ENTROPY
    assert family.example is not None
    values: dict[str, Any] = {
        "parametrization": Parametrization.SP,
        "width": family.sizes[0],
        "depth": family.tables[0].depth,
        "base_width": family.sizes[0],
        "model": family,
        "loss": Loss.OWN if family.example.is_whole_batch else default_loss,
        "runs": tuple(PlannedRun(index, lr, seed) for index, lr in enumerate((0.05, 0.1)) for seed in (0, 1)),
        "num_steps": 12,
        "measure_every": 6,
        "chunk_steps": 13,
        "batch_size": 8,
        "sharpness_batch_size": 16,
        "optimizer": OptimizerSpec.model_validate("sgd"),
        "has_curvature": False,
    }
    return CellProgram(**values | changes)


def trained(path: Path, planned: CellProgram, data: TrainingData) -> Window:
    """Train a program of one window."""
    assert isinstance(planned.model, Brought)
    family = brought_family(load_model(path), planned.model, planned.width, planned.depth)
    (window,) = train(planned, data, family)
    return window
