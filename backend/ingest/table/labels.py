"""Chooses the label column, derives the task from it, and returns its values as training needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.wording import listed, number_text, shown

MAX_CLASSES = 1000
MAX_FRACTIONAL_CLASSES = 100  # numbers with decimals that many users would still call classes
_FEW_VALUES = 20  # whole numbers with at most so many values are taken for class codes
_NAMES = ("label", "target", "class", "y", "ラベル", "正解", "目的変数", "クラス")


@dataclass(frozen=True, slots=True)
class Label:
    """The label of every row that has one. Values are class codes (int64) or numbers (float64).

    `is_log`: they are logarithms of the numbers of the file.
    """

    name: str
    task: Task
    is_task_guessed: bool
    kept_rows: NDArray[np.int64]
    values: NDArray[Any]
    classes: tuple[str, ...] = ()
    is_log: bool = False


def choose_label(names: Sequence[str], wanted: str | None) -> tuple[str, bool]:
    """Return the label's column and whether it was guessed: a usual name if there is one, else the last."""
    if wanted is not None:
        if wanted.strip() in names:
            return wanted.strip(), False
        raise InvalidInput("dataset.unknown_label", label=shown(wanted), columns=listed(list(names), 20))
    by_usual_name = {name.casefold(): name for name in reversed(names)}
    for usual in _NAMES:
        if usual in by_usual_name:
            return by_usual_name[usual], True
    return names[-1], True


def read_label(column: Column, task: Task | None) -> Label:
    """Return the label's values, or say why the column cannot be one."""
    if column.num_distinct == 0:
        raise InvalidInput("dataset.label_all_missing", column=shown(column.name))
    chosen = task or _guess_task(column)
    make = _classes if chosen is Task.CLASSIFICATION else _targets
    return make(column, is_task_guessed=task is None)


def _guess_task(column: Column) -> Task:
    if column.numbers is None:
        return Task.CLASSIFICATION
    present = column.numbers[~np.isnan(column.numbers)]
    is_whole = bool(np.all(present == np.trunc(present)))
    is_few = column.num_distinct <= min(_FEW_VALUES, max(2, len(present) // 2))
    return Task.CLASSIFICATION if is_whole and is_few else Task.REGRESSION


def _classes(column: Column, *, is_task_guessed: bool) -> Label:
    _refuse_unsuited_classes(column)
    kept = np.flatnonzero(~column.is_missing)
    if column.numbers is None:
        assert column.codes is not None  # MAX_CLASSES is not above MAX_LEVELS
        names, codes = column.levels, column.codes[kept].astype(np.int64)
    else:
        found, codes = np.unique(column.numbers[kept], return_inverse=True)
        names = tuple(number_text(value) for value in found.tolist())
    if len(names) == 1:
        raise InvalidInput("dataset.one_class", column=shown(column.name), value=shown(names[0]))
    shown_names = tuple(shown(name) for name in names)
    return Label(column.name, Task.CLASSIFICATION, is_task_guessed, kept, codes.astype(np.int64), shown_names)


def _refuse_unsuited_classes(column: Column) -> None:
    name, count = shown(column.name), column.num_distinct
    if column.numbers is not None and count > MAX_FRACTIONAL_CLASSES:
        present = column.numbers[~np.isnan(column.numbers)]
        if np.any(present != np.trunc(present)):
            raise InvalidInput(
                "dataset.label_is_continuous", column=name, count=count, limit=MAX_FRACTIONAL_CLASSES
            )
    if count > MAX_CLASSES:
        raise InvalidInput("dataset.too_many_classes", column=name, count=count, limit=MAX_CLASSES)


def _targets(column: Column, *, is_task_guessed: bool) -> Label:
    name = shown(column.name)
    if column.numbers is None:
        text = column.first_text
        assert text is not None  # a column is categorical because of some text
        raise InvalidInput("dataset.label_not_a_number", column=name, row=text.row, value=shown(text.value))
    if column.num_distinct == 1:
        raise InvalidInput("dataset.constant_label", column=name, value=column.examples[0])
    kept = np.flatnonzero(~column.is_missing)
    return Label(column.name, Task.REGRESSION, is_task_guessed, kept, column.numbers[kept])
