"""Measure where runs diverge and which LR is best, by optimizer, family, task and width, at the base.

Borders are log2 of the LR that half of the seeds survive; the best LR is that of the last tenth of the steps.
SP at its base is every parametrization.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_diabetes, load_digits

from muscope.backend.domain.protocol.grid import PlannedRun
from muscope.backend.domain.spec.dataset import ImageShape, Task
from muscope.backend.domain.spec.experiment import Loss
from muscope.backend.domain.spec.families.convnet import ConvNet
from muscope.backend.domain.spec.families.residual_mlp import ResidualMLP
from muscope.backend.domain.spec.families.transformer import GPT
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.model import Model
from muscope.backend.domain.spec.optimizer import OptimizerSpec
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.worker.numerics.program import CellProgram, TrainingData
from muscope.worker.numerics.trainer import train

OPTIMIZERS = {
    "adam": OptimizerSpec.model_validate("adam"),
    "muon": OptimizerSpec.model_validate("muon"),
    "muon, original": OptimizerSpec.model_validate({"kind": "muon", "muon_scale": "original"}),
    "muon, unit_rms": OptimizerSpec.model_validate({"kind": "muon", "muon_scale": "unit_rms"}),
    "lion": OptimizerSpec.model_validate("lion"),
    "adafactor": OptimizerSpec.model_validate("adafactor"),
}
OCTAVES = range(-14, 7)
SEEDS, NUM_STEPS, BATCH = range(3), 100, 64


class Setting(NamedTuple):
    """A family on a task at one width."""

    family: str
    model: Model
    depth: int
    width: int
    loss: Loss
    data: TrainingData


class Measured(NamedTuple):
    """log2 of LRs; NaN where no octave tried shows it."""

    half_survival: float
    best: float


def settings() -> Iterator[Setting]:
    """Yield every setting, the cheapest family first."""
    digits, diabetes, text = _digits(), _diabetes(), _text()
    for width in (16, 64):
        yield Setting("mlp", ResidualMLP(), 3, width, Loss.CROSS_ENTROPY, digits)
        yield Setting("mlp", ResidualMLP(), 3, width, Loss.SQUARED_ERROR, diabetes)
    for width in (16, 32):
        yield Setting("convnet", ConvNet(), 1, width, Loss.CROSS_ENTROPY, digits)
        yield Setting("gpt", GPT(), 2, width, Loss.CROSS_ENTROPY, text)


def measure(setting: Setting, optimizer: OptimizerSpec) -> Measured:
    """Train one grid and read it."""
    runs = [PlannedRun(index, 2.0**octave, seed) for index, octave in enumerate(OCTAVES) for seed in SEEDS]
    program = CellProgram(
        parametrization=Parametrization.SP,
        width=setting.width,
        depth=setting.depth,
        base_width=setting.width,
        model=setting.model,
        loss=setting.loss,
        runs=tuple(runs),
        num_steps=NUM_STEPS,
        measure_every=NUM_STEPS,
        chunk_steps=NUM_STEPS + 1,
        batch_size=min(BATCH, len(setting.data.x_train)),
        sharpness_batch_size=16,
        optimizer=optimizer,
        has_curvature=False,
    )
    (window,) = train(program, setting.data)
    shape = (len(OCTAVES), len(SEEDS))
    is_alive = np.array([step is None for step in window.diverged_at]).reshape(shape)
    last = window.values[Metric.TRAIN_LOSS][-NUM_STEPS // 10 :].mean(axis=0).reshape(shape)
    mean = np.where(is_alive.all(axis=1), last.mean(axis=1), np.inf)
    return Measured(half_survival(is_alive.mean(axis=1)), float(OCTAVES[int(mean.argmin())]))


def half_survival(alive: np.ndarray) -> float:
    """Return where the share of seeds alive falls to a half, between two octaves on a line."""
    for index in range(1, len(alive)):
        if alive[index] <= 0.5 < alive[index - 1]:
            share = (alive[index - 1] - 0.5) / (alive[index - 1] - alive[index])
            return OCTAVES[index - 1] + float(share)
    return float("nan")


def _digits() -> TrainingData:
    bunch = load_digits()
    x, y = torch.tensor(bunch.data, dtype=torch.float32) / 8 - 1, torch.tensor(bunch.target)
    image = ImageShape(height=8, width=8, channels=1)
    return TrainingData(x, y, x[:16], y[:16], Task.CLASSIFICATION, 10, image=image)


def _diabetes() -> TrainingData:
    x, y = load_diabetes(return_X_y=True, scaled=False)
    x, y = (x - x.mean(0)) / x.std(0), (y - y.mean()) / y.std()
    features, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)[:, None]
    return TrainingData(features, labels, features[:16], labels[:16], Task.REGRESSION, 1)


def _text() -> TrainingData:
    """Return windows of a Markov chain of 32 symbols, each of which three others follow."""
    drawn = np.random.default_rng(0)
    follows = drawn.integers(0, 32, (32, 3))
    tokens = [0]
    for choice in drawn.integers(0, 3, 512 * 17):
        tokens.append(int(follows[tokens[-1], choice]))
    windows = torch.tensor(tokens[: 512 * 17]).view(512, 17)
    x, y = windows[:, :-1], windows[:, 1:]
    return TrainingData(x, y, x[:16], y[:16], Task.LANGUAGE_MODELLING, 32)
