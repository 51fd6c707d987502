"""Chooses the label column, derives the task from it, and returns its values as training needs them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import ColumnKind, Decision, Task
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.wording import listed, number_text, shown

MAX_CLASSES = 1000
MAX_FRACTIONAL_CLASSES = 100  # numbers with decimals that many users would still call classes
# Whole numbers: with at most so many values they are classes, with more quantities; in between it is asked.
FEW_VALUES, SEVERAL_VALUES = 10, 30
_NAMES = (
    "label", "labels", "target", "class", "y", "outcome", "ラベル", "正解", "目的変数", "クラス",
    "正解ラベル", "目的", "survived", "species", "diagnosis", "churn", "合否", "良否", "判定", "判定結果",
)  # fmt: skip
_QUANTITY = re.compile(
    r"(?:num|nb|n|number|count|total|sum|mean|average|avg)[ _.-].+|"
    r".*(?:count|num|number|sold|sales|price|amount|cost|rate|year|age|days?|hours?|score|quantity|qty|total|size|"
    r"length|weight|temp|sum|median|mean|数|量|価格|額|率|年|歳|日数|時間|点|個|円|売上|金額|温度|得点)",
    re.IGNORECASE,
)  # fmt: skip


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
    is_task_unclear: bool = False
    is_log: bool = False

    def decision(self) -> Decision:
        """Return the task as a decision; it is asked for where whole numbers could be either."""
        tasks = (Task.CLASSIFICATION.value, Task.REGRESSION.value)
        return Decision(
            option="task",
            value=self.task.value,
            is_guessed=self.is_task_guessed,
            is_question=self.is_task_guessed and self.is_task_unclear,
            choices=tasks,
        )


def choose_label(
    names: Sequence[str], wanted: str | None, possible: Sequence[str] | None = None
) -> tuple[str, bool]:
    """Return the label's column and whether it was guessed: a usual name, else the last possible column.

    Args:
        names: of all columns, in the order of the file.
        possible: those that a label without a usual name is guessed among; None: all.
    """
    if wanted is not None:
        if wanted.strip() in names:
            return wanted.strip(), False
        raise InvalidInput("dataset.unknown_label", label=shown(wanted), columns=listed(list(names), 20))
    by_usual_name = {name.casefold(): name for name in reversed(names)}
    if by_usual_name.get("y") not in (names[0], names[-1]):
        by_usual_name.pop("y", None)  # a coordinate or any other quantity
    for usual in _NAMES:
        if usual in by_usual_name:
            return by_usual_name[usual], True
    return (possible or names)[-1], True


def read_label(column: Column, task: Task | None) -> Label:
    """Return the label's values, or say why the column cannot be one."""
    if column.num_distinct == 0:
        raise InvalidInput("dataset.label_all_missing", column=shown(column.name))
    guess = _guess_task(column)
    chosen = task or guess.task
    make = _classes if chosen is Task.CLASSIFICATION else _targets
    return make(column, is_task_guessed=task is None, is_unclear=guess.is_unclear)


class _Guess(NamedTuple):
    task: Task
    is_unclear: bool = False


def _guess_task(column: Column) -> _Guess:
    """Return the likely task, and whether whole numbers could mean either."""
    if column.numbers is None:
        return _Guess(Task.CLASSIFICATION)
    present = column.numbers[~np.isnan(column.numbers)]
    if column.kind is ColumnKind.TIME or (present != np.trunc(present)).any():
        return _Guess(Task.REGRESSION)
    is_repeated = column.num_distinct <= max(2, len(present) // 2)
    if column.num_distinct == 2:
        return _Guess(Task.CLASSIFICATION)
    is_quantity = _QUANTITY.fullmatch(column.name.strip()) is not None
    if column.num_distinct <= FEW_VALUES and is_repeated:
        return _Guess(Task.REGRESSION if is_quantity else Task.CLASSIFICATION, is_unclear=is_quantity)
    is_several = column.num_distinct <= SEVERAL_VALUES and is_repeated
    is_numbered = (
        is_several and present.min() in (0, 1) and present.max() - present.min() + 1 == column.num_distinct
    )
    is_class = is_numbered and not is_quantity
    return _Guess(Task.CLASSIFICATION if is_class else Task.REGRESSION, is_unclear=is_several)


def _classes(column: Column, *, is_task_guessed: bool, is_unclear: bool) -> Label:
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
    return Label(
        column.name,
        Task.CLASSIFICATION,
        is_task_guessed,
        kept,
        codes.astype(np.int64),
        tuple(shown(name) for name in names),
        is_unclear,
    )


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


def _targets(column: Column, *, is_task_guessed: bool, is_unclear: bool) -> Label:
    name = shown(column.name)
    if column.numbers is None:
        text = column.first_text
        assert text is not None  # a column is categorical because of some text
        raise InvalidInput("dataset.label_not_a_number", column=name, row=text.row, value=shown(text.value))
    if column.num_distinct == 1:
        raise InvalidInput("dataset.constant_label", column=name, value=column.examples[0])
    kept = np.flatnonzero(~column.is_missing)
    return Label(
        column.name,
        Task.REGRESSION,
        is_task_guessed,
        kept,
        column.numbers[kept],
        is_task_unclear=is_unclear,
    )
