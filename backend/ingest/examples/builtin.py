"""The built-in datasets, made on this machine: nothing is downloaded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.ingest.build import Origin, Prepared, prepare_columns
from muscope.backend.ingest.examples.python_source import prepare_python_source
from muscope.backend.ingest.examples.shapes import SHAPE_NAMES, draw_shapes
from muscope.backend.ingest.images import Images, assemble_images
from muscope.backend.ingest.manifest import ExampleName, IngestOptions
from muscope.backend.ingest.table.columns import number_column
from muscope.backend.ingest.table.labels import Label

_FRIEDMAN_ROWS = 2000
_FRIEDMAN_SEED = 1991
_FRIEDMAN_NOISE = 1.0


def make_example(name: ExampleName) -> Prepared:
    """Return the example of that name."""
    return _MAKERS[name]()


def _digits() -> Prepared:
    """1,797 images of handwritten digits, 8 × 8 (scikit-learn's copy of the UCI test set)."""
    from sklearn.datasets import load_digits

    pixels, digits = (np.asarray(part) for part in load_digits(return_X_y=True))
    images = pixels.reshape(-1, 8, 8, 1)
    return assemble_images(Images(images, _code_label("digit", digits, range(10)), _hash(pixels, digits)))


def _shapes() -> Prepared:
    """4,000 drawn colour images, 16 × 16, of ten kinds of shapes and patterns."""
    pixels, codes = draw_shapes()
    return assemble_images(Images(pixels, _code_label("shape", codes, SHAPE_NAMES), _hash(pixels, codes)))


def _code_label(name: str, codes: Array, classes: Iterable[object]) -> Label:
    """Return class codes that are known to be 0, 1, …, as a label."""
    names = tuple(map(str, classes))
    return Label(name, Task.CLASSIFICATION, False, np.arange(len(codes)), codes.astype(np.int64), names)


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
    columns = [number_column(f"x{place}", values) for place, values in enumerate(x.T, start=1)]
    columns.append(number_column("y", y))
    return prepare_columns(columns, "y", IngestOptions(task=Task.REGRESSION), Origin(_hash(x, y)))


def _hash(*arrays: Array) -> str:
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


_MAKERS: dict[ExampleName, Callable[[], Prepared]] = {
    "digits": _digits,
    "friedman": _friedman,
    "shapes": _shapes,
    "python_source": prepare_python_source,
}
