"""The data of the reproduction: the product's own built-in examples, and random data for the linear net."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from backend.domain.dataset import Task
from backend.ingest.examples import make_example
from worker.device import DTYPE
from worker.numerics.program import TrainingData

RANDOM = "random"
_RANDOM_ROWS, _RANDOM_FEATURES, _RANDOM_SEED, _RANDOM_NOISE = 128, 16, 2402, 0.5


@cache
def dataset(name: str) -> TrainingData:
    """Return the data of that name: `random`, or a built-in example of images."""
    return _random_data() if name == RANDOM else _example(name)


def _example(name: str) -> TrainingData:
    prepared = make_example(name)  # type: ignore[arg-type]
    arrays, shape = prepared.arrays, prepared.manifest.shape
    return TrainingData(
        x_train=torch.tensor(arrays["x_train"], dtype=DTYPE),
        y_train=torch.tensor(arrays["y_train"].astype(np.int64)),
        x_val=torch.tensor(arrays["x_val"], dtype=DTYPE),
        y_val=torch.tensor(arrays["y_val"].astype(np.int64)),
        task=shape.task,
        num_outputs=shape.num_outputs,
        image=shape.image,
    )


def _random_data() -> TrainingData:
    """Gaussian inputs and a noisy linear target of variance 1, as in the paper's linear example."""
    rng = np.random.Generator(np.random.PCG64(_RANDOM_SEED))
    x = rng.standard_normal((2 * _RANDOM_ROWS, _RANDOM_FEATURES))
    signal = x @ rng.standard_normal(_RANDOM_FEATURES) / _RANDOM_FEATURES**0.5
    noise = rng.standard_normal(len(x))
    y = (1 - _RANDOM_NOISE**2) ** 0.5 * signal + _RANDOM_NOISE * noise
    x_all, y_all = torch.tensor(x, dtype=DTYPE), torch.tensor(y, dtype=DTYPE)
    train, val = slice(0, _RANDOM_ROWS), slice(_RANDOM_ROWS, None)
    return TrainingData(x_all[train], y_all[train], x_all[val], y_all[val], Task.REGRESSION, 1)
