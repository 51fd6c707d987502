"""Data by name: the product's built-in examples, real tables, and random data with a known target."""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.ingest.build import Prepared
from muscope.backend.ingest.examples.builtin import make_example
from muscope.worker.device import DTYPE
from muscope.worker.numerics.program import TrainingData
from studies.cells.tables import TABLES, prepare

RANDOM = "random"
TEACHER, TEACHER_CLASSES = "teacher", "teacher_classes"
_TEACHER_ROWS, _TEACHER_VAL_ROWS, _TEACHER_FEATURES = 2048, 512, 16
_TEACHER_WIDTH, _TEACHER_SEED = 24, 1709
_RANDOM_ROWS, _RANDOM_FEATURES, _RANDOM_SEED, _RANDOM_NOISE = 128, 16, 2402, 0.5


@cache
def dataset(name: str) -> TrainingData:
    """Return the data of that name: `random`, a teacher's, a real table, or a built-in example."""
    makers = {RANDOM: _random_data, TEACHER: _teacher_data, TEACHER_CLASSES: _teacher_classes}
    if name in makers:
        return makers[name]()
    return _tensors(prepare(name) if name in TABLES else make_example(name))  # type: ignore[arg-type]


@cache
def identity(name: str) -> str:
    """Identify the content: a table may change with the package that ships it, our own data with our code."""
    if name not in TABLES:
        return name
    data = dataset(name)
    parts = (data.x_train, data.y_train, data.x_val, data.y_val)
    digest = hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts))
    return f"{name}:{digest.hexdigest()[:16]}"


def _tensors(prepared: Prepared) -> TrainingData:
    arrays, shape = prepared.arrays, prepared.manifest.shape
    label = np.float32 if shape.task is Task.REGRESSION else np.int64
    numbers = torch.int64 if shape.task is Task.LANGUAGE_MODELLING else DTYPE
    return TrainingData(
        x_train=torch.tensor(arrays["x_train"], dtype=numbers),
        y_train=torch.tensor(arrays["y_train"].astype(label)),
        x_val=torch.tensor(arrays["x_val"], dtype=numbers),
        y_val=torch.tensor(arrays["y_val"].astype(label)),
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


def _teacher_data() -> TrainingData:
    """Gaussian inputs and what a net of one hidden layer makes of them, with some noise; variance 1."""
    x, signal_NC, noise = _teacher(num_outputs=1, noise=0.2)
    y = signal_NC[:, 0] / signal_NC[:, 0].std() + noise[:, 0]
    return _split_teacher(x, torch.tensor(y, dtype=DTYPE), Task.REGRESSION, 1)


def _teacher_classes() -> TrainingData:
    """Teacher data with six outputs, of which the largest names the class."""
    x, signal_NC, noise = _teacher(num_outputs=6, noise=0.2)
    y = (signal_NC / signal_NC.std() + noise).argmax(axis=1)
    return _split_teacher(x, torch.tensor(y), Task.CLASSIFICATION, 6)


def _teacher(*, num_outputs: int, noise: float) -> tuple[NDArray[np.float64], ...]:
    """Return inputs [n, D], the teacher's centred outputs [n, C] and noise of the same shape."""
    rng = np.random.Generator(np.random.PCG64([_TEACHER_SEED, num_outputs]))
    x = rng.standard_normal((_TEACHER_ROWS + _TEACHER_VAL_ROWS, _TEACHER_FEATURES))
    hidden = np.maximum(x @ rng.standard_normal((_TEACHER_FEATURES, _TEACHER_WIDTH)), 0)
    signal = hidden @ rng.standard_normal((_TEACHER_WIDTH, num_outputs))
    return x, signal - signal.mean(axis=0), noise * rng.standard_normal(signal.shape)


def _split_teacher(x: NDArray[np.float64], y: torch.Tensor, task: Task, num_outputs: int) -> TrainingData:
    train, val = slice(0, _TEACHER_ROWS), slice(_TEACHER_ROWS, None)
    x_all = torch.tensor(x, dtype=DTYPE)
    return TrainingData(x_all[train], y[train], x_all[val], y[val], task, num_outputs)
