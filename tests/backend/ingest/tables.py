"""Small tables as columns, for tests of what is done once a file is read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from muscope.backend.domain.spec.dataset import ColumnKind, DataWarning, Task
from muscope.backend.ingest.advice.advise import advise
from muscope.backend.ingest.advice.evidence import Evidence
from muscope.backend.ingest.splits.divide import divide
from muscope.backend.ingest.table.columns import Column, number_column
from muscope.backend.ingest.table.features import encode
from muscope.backend.ingest.table.labels import Label, read_label

SHA256 = "5" * 64


def numbers(name: str, values: ArrayLike, kind: ColumnKind = ColumnKind.NUMERIC) -> Column:
    """Return a column of numbers, NaN where missing."""
    array = np.asarray(values, np.float64)
    found = number_column(name, array)
    return Column(name, kind, found.num_missing, found.num_distinct, found.examples, numbers=array)


def texts(name: str, values: Sequence[str | None]) -> Column:
    """Return a column of texts, None where missing."""
    levels = tuple(sorted({value for value in values if value is not None}))
    codes = np.array([-1 if value is None else levels.index(value) for value in values], np.int32)
    return Column(
        name, ColumnKind.CATEGORICAL, int((codes < 0).sum()), len(levels), (), codes=codes, levels=levels
    )


def label_of(values: ArrayLike | Sequence[str | None], task: Task | None = None) -> Label:
    """Return a label `y` of numbers or texts."""
    is_text = isinstance(values, list) and any(isinstance(value, str) for value in values)
    column = texts("y", values) if is_text else numbers("y", values)  # type: ignore[arg-type]
    return read_label(column, task or (Task.CLASSIFICATION if is_text else Task.REGRESSION))


def evidence_of(columns: list[Column], label: Label, split: str | None = None, **more) -> Evidence:
    """Return a table as the advice sees it."""
    division = divide(label, columns, split, SHA256)
    rows = (label.kept_rows[division.train], label.kept_rows[division.val])
    features = encode(division.features_of(columns), *rows)
    return Evidence(tuple(columns), label, division, features, **more)


def advice_on(
    columns: list[Column], label: Label, split: str | None = None, **more
) -> dict[str, list[DataWarning]]:
    """Return the advice by code, without `dataset.`."""
    found: dict[str, list[DataWarning]] = {}
    evidence = evidence_of(columns, label, split, **more)
    for warning in advise(evidence, evidence.features.warnings):
        found.setdefault(warning.code.removeprefix("dataset."), []).append(warning)
    return found
