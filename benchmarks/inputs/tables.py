"""Tables of 500 to 50,000 rows and 5 to 60 columns, made on this machine: the same at every call."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, make_classification, make_friedman1, make_regression

from muscope.backend.domain.spec.dataset import Task

Numbers = NDArray[Any]
LABEL = "y"
SEED = 13


class Table(NamedTuple):
    """Table by its size, and how its columns and label are drawn."""

    name: str
    rows: int
    columns: int
    task: Task
    draw: Callable[[int, int], tuple[Numbers, Numbers]]

    def csv(self) -> bytes:
        """Return the table as a file; classes are words, so that nothing has to be guessed."""
        x, y = self.draw(self.rows, self.columns)
        classes = self.task is Task.CLASSIFICATION
        label = [f"class {value}" for value in y] if classes else [f"{value:.6g}" for value in y]
        file = io.StringIO()
        file.write(",".join([*(f"x{column}" for column in range(x.shape[1])), LABEL]) + "\n")
        for row, value in zip(x, label, strict=True):
            file.write(",".join([*(f"{number:.6g}" for number in row), value]) + "\n")
        return file.getvalue().encode()


def _cancer(rows: int, columns: int) -> tuple[Numbers, Numbers]:
    x, y = load_breast_cancer(return_X_y=True)
    return x[:rows, :columns], y[:rows]


def _classes(rows: int, columns: int) -> tuple[Numbers, Numbers]:
    drawn: tuple[Numbers, Numbers] = make_classification(
        rows,
        columns,
        n_informative=max(3, columns // 2),
        n_redundant=0,
        n_classes=3,
        flip_y=0.05,
        random_state=SEED,
    )
    return drawn


def _friedman(rows: int, columns: int) -> tuple[Numbers, Numbers]:
    drawn: tuple[Numbers, Numbers] = make_friedman1(rows, columns, noise=1.0, random_state=SEED)
    return drawn


def _linear(rows: int, columns: int) -> tuple[Numbers, Numbers]:
    drawn: tuple[Numbers, Numbers] = make_regression(
        rows, columns, n_informative=max(3, columns // 2), noise=20.0, random_state=SEED
    )
    return drawn


def _smooth(rows: int, columns: int) -> tuple[Numbers, Numbers]:
    """Three ridges of the columns' directions, with noise."""
    rng = np.random.default_rng(SEED)
    x = rng.standard_normal((rows, columns))
    ridges = np.tanh(1.5 * x @ rng.standard_normal((columns, 3)) / np.sqrt(columns))
    return x, ridges @ np.array([1.0, -1.0, 0.5]) + 0.3 * rng.standard_normal(rows)


# Sizes and tasks alternate, so that the first ones a stopped row has are not all small.
TABLES = (
    Table("smooth_20000", 20_000, 30, Task.REGRESSION, _smooth),
    Table("cancer_569", 569, 30, Task.CLASSIFICATION, _cancer),
    Table("classes_10000", 10_000, 20, Task.CLASSIFICATION, _classes),
    Table("friedman_2000", 2_000, 10, Task.REGRESSION, _friedman),
    Table("linear_35000", 35_000, 60, Task.REGRESSION, _linear),
    Table("classes_1000", 1_000, 12, Task.CLASSIFICATION, _classes),
    Table("classes_50000", 50_000, 40, Task.CLASSIFICATION, _classes),
    Table("smooth_500", 500, 8, Task.REGRESSION, _smooth),
    Table("linear_5000", 5_000, 20, Task.REGRESSION, _linear),
    Table("classes_25000", 25_000, 50, Task.CLASSIFICATION, _classes),
    Table("classes_3000", 3_000, 40, Task.CLASSIFICATION, _classes),
    Table("friedman_10000", 10_000, 5, Task.REGRESSION, _friedman),
    Table("classes_15000", 15_000, 25, Task.CLASSIFICATION, _classes),
    Table("smooth_50000", 50_000, 15, Task.REGRESSION, _smooth),
)
