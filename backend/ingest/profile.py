"""Describes a table as it was read: its columns, classes, and the changes made to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from muscope.backend.domain.spec.dataset import ClassCount, ColumnProfile, DataWarning
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.values.numbers import Floats
from muscope.backend.ingest.wording import listed, shown

_CLASSES_NAMED, _COLUMNS_NAMED = 5, 8


def column_profiles(columns: Sequence[Column], label: str) -> tuple[ColumnProfile, ...]:
    """Return a profile of each column, over all rows of the file."""
    return tuple(_column_profile(column, is_label=column.name == label) for column in columns)


def class_counts(label: Label) -> tuple[ClassCount, ...]:
    """Return how often each class occurs; nothing for numbers."""
    if not label.classes:
        return ()
    counts = np.bincount(label.values, minlength=len(label.classes)).tolist()
    return tuple(ClassCount(name=n, count=c) for n, c in zip(label.classes, counts, strict=True))


def label_warnings(label: Label, num_rows: int) -> tuple[DataWarning, ...]:
    """Return what the user should know about the label: rows without one, classes seen once."""
    warnings = []
    num_dropped = num_rows - len(label.kept_rows)
    if num_dropped:
        params: dict[str, Any] = {"column": shown(label.name), "count": num_dropped}
        warnings.append(DataWarning(code="dataset.missing_label", params=params))
    single = [entry.name for entry in class_counts(label) if entry.count == 1]
    if single:
        params = {
            "column": shown(label.name),
            "count": len(single),
            "classes": listed(single, _CLASSES_NAMED),
        }
        warnings.append(DataWarning(code="dataset.single_row_class", params=params))
    return tuple(warnings)


def left_out_notes(columns: Sequence[Column]) -> tuple[DataWarning, ...]:
    """Return a note for every reason for which columns are no features."""
    by_reason: dict[str, list[str]] = {}
    for column in columns:
        if column.left_out is not None:
            by_reason.setdefault(column.left_out, []).append(column.name)
    return tuple(
        DataWarning(
            code=f"dataset.left_out_{reason}",
            params={"count": len(names), "columns": listed(names, _COLUMNS_NAMED)},
        )
        for reason, names in by_reason.items()
    )


def _column_profile(column: Column, *, is_label: bool) -> ColumnProfile:
    return ColumnProfile(
        use=column.use,
        left_out=column.left_out,
        read_as=column.read_as,
        name=column.name,
        kind=column.kind,
        is_label=is_label,
        num_missing=column.num_missing,
        num_distinct=column.num_distinct,
        examples=column.examples,
        **({} if column.numbers is None else _statistics(column.numbers)),
    )


def _statistics(numbers: Floats) -> dict[str, float]:
    present = numbers[~np.isnan(numbers)]
    if not present.size:
        return {}
    unit = float(np.max(np.abs(present))) or 1.0  # a plain sum of huge numbers would overflow
    return {
        "minimum": float(present.min()),
        "maximum": float(present.max()),
        "mean": float(np.mean(present / unit)) * unit,
    }
