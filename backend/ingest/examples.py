"""The built-in datasets, made on this machine: nothing is downloaded."""

from __future__ import annotations

import hashlib

import numpy as np

from backend.arrays import Array
from backend.domain.dataset import ColumnKind, Profile, Task
from backend.ingest.build import Origin, Prepared, assemble, prepare_columns
from backend.ingest.columns import Column
from backend.ingest.features import Features
from backend.ingest.labels import Label
from backend.ingest.manifest import ExampleName
from backend.ingest.profile import class_counts, column_profiles
from backend.ingest.split import split

_FRIEDMAN_ROWS = 2000
_FRIEDMAN_SEED = 1991
_FRIEDMAN_NOISE = 1.0


def make_example(name: ExampleName) -> Prepared:
    """Return the example of that name."""
    return _digits() if name == "digits" else _friedman()


def _digits() -> Prepared:
    """1,797 images of handwritten digits, 8 × 8 (scikit-learn's copy of the UCI test set).

    Pixels share one scale: standardised one by one, those that are almost always white would dominate.
    """
    from sklearn.datasets import load_digits

    pixels, digits = (np.asarray(part) for part in load_digits(return_X_y=True))
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    columns = [
        *(_number_column(n, v) for n, v in zip(names, pixels.T, strict=True)),
        _number_column("digit", digits),
    ]
    everything = np.arange(len(digits))
    classes = tuple(str(digit) for digit in range(10))
    label = Label("digit", Task.CLASSIFICATION, False, everything, digits.astype(np.int64), classes)
    train, val = split(label, _hash(pixels, digits))
    mean, std = float(pixels[train].mean()), float(pixels[train].std())
    x = ((pixels - mean) / std).astype(np.float32)
    profile = Profile(
        num_rows=len(digits),
        columns=column_profiles(columns, "digit"),
        label="digit",
        is_label_guessed=False,
        is_task_guessed=False,
        classes=class_counts(label),
    )
    return assemble(Features(x[train], x[val], tuple(names), ()), label, (train, val), profile)


def _friedman() -> Prepared:
    """Friedman's first test function with noise: 10 inputs, of which five matter.

    y = 10 sin(π x1 x2) + 20 (x3 - ½)² + 10 x4 + 5 x5 + N(0, 1); Annals of Statistics 19, 1991.
    """
    rng = np.random.Generator(np.random.PCG64(_FRIEDMAN_SEED))
    x = rng.random((_FRIEDMAN_ROWS, 10))
    noise = _FRIEDMAN_NOISE * rng.standard_normal(_FRIEDMAN_ROWS)
    y = (
        10 * np.sin(np.pi * x[:, 0] * x[:, 1])
        + 20 * (x[:, 2] - 0.5) ** 2
        + 10 * x[:, 3]
        + 5 * x[:, 4]
        + noise
    )
    columns = [_number_column(f"x{place}", values) for place, values in enumerate(x.T, start=1)]
    columns.append(_number_column("y", y))
    return prepare_columns(columns, "y", Task.REGRESSION, Origin(_hash(x, y)))


def _number_column(name: str, values: Array) -> Column:
    numbers = values.astype(np.float64)
    examples = tuple(f"{value:g}" for value in list(dict.fromkeys(numbers[:100].tolist()))[:3])
    return Column(name, ColumnKind.NUMERIC, 0, len(np.unique(numbers)), examples, numbers=numbers)


def _hash(*arrays: Array) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
