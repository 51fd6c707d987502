"""Advice on columns: outliers, columns that say the same, columns that count rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import ColumnKind, DataWarning
from muscope.backend.ingest.advice.evidence import Sample, inform, warn
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.values.numbers import Floats
from muscope.backend.ingest.wording import number_text, shown

_ROBUST_Z = 10.0
_MAD_TO_STD = 1.4826  # of a normal distribution
_MIN_KNOWN = 20  # values that a statement about a column rests on
_ALMOST_ALL = 0.95
_FEW = 0.05
_MIN_REPEATS = 5
_DENSE = 2.0  # row numbers with gaps reach at most to twice their count
_COUNTS_ROWS = re.compile(r"(?:^|[\W_])(?i:id|no|nr|index|key)\.?$|[a-z]I[Dd]$|(?:番号|コード|ＩＤ)$")


def column_advice(sample: Sample) -> Iterator[DataWarning]:
    """Yield advice on single columns, then on pairs of them."""
    for column in sample.columns:
        values = sample.values(column, sample.places)
        known = values[~np.isnan(values)]
        if len(known) >= _MIN_KNOWN:
            yield from _near_unique(column, known)
            yield from _outliers(column, known)
    yield from _same(sample)


def _near_unique(column: Column, known: Floats) -> Iterator[DataWarning]:
    """A number that differs in almost every row and counts, or is called an ID, tells rows apart only."""
    num_distinct = len(np.unique(known))
    if (
        column.left_out is not None
        or column.kind is ColumnKind.TIME
        or num_distinct < _ALMOST_ALL * len(known)
    ):
        return
    if column.numbers is not None:
        is_whole = bool(np.all(known == np.trunc(known)))
        is_dense = float(np.ptp(column.numbers[~np.isnan(column.numbers)])) < _DENSE * column.num_distinct
        if not is_whole or not (is_dense or _COUNTS_ROWS.search(column.name)):
            return
    yield warn("near_unique_column", column=shown(column.name), count=num_distinct, rows=len(known))


def _outliers(column: Column, known: Floats) -> Iterator[DataWarning]:
    """Values more than ten robust standard deviations from the median; none where half are the same."""
    if column.numbers is None or column.kind is ColumnKind.TIME:
        return
    unit = float(np.abs(known).max()) or 1.0  # differences of 1e308 would overflow
    distance = np.abs(known / unit - np.median(known / unit))
    limit = _ROBUST_Z * _MAD_TO_STD * float(np.median(distance))
    count = int(np.count_nonzero(distance > limit)) if limit > 0 else 0
    if count:
        yield from _odd(column, known[distance > limit], float(known[np.argmax(distance)]), len(known))


def _odd(column: Column, far: Floats, farthest: float, num_known: int) -> Iterator[DataWarning]:
    """Tell one number written again and again, as a code for missing is, from some numbers far off."""
    values, counts = np.unique(far, return_counts=True)
    name, most = shown(column.name), int(counts.argmax())
    value = float(values[most])
    if value.is_integer() and counts[most] >= max(_MIN_REPEATS, len(far) / 2):
        yield warn("odd_value", column=name, count=int(counts[most]), value=number_text(value))
    elif len(far) <= _FEW * num_known:  # more of them are a long tail
        yield inform("outliers", column=name, count=len(far), example=number_text(float(f"{farthest:.6g}")))


def _same(sample: Sample) -> Iterator[DataWarning]:
    """Columns that are equal, one-to-one, or the same up to unit and zero."""
    seen: dict[bytes, str] = {}
    for column in sample.columns:
        values = sample.values(column, sample.places)
        signs = [sign for sign in (_pattern(values), _scaled(column, values)) if sign is not None]
        twin = next((seen[sign] for sign in signs if sign in seen), None)
        for sign in signs:
            seen.setdefault(sign, column.name)
        if twin is not None:
            yield warn("duplicate_columns", column=shown(column.name), other=shown(twin))


def _pattern(values: Floats) -> bytes | None:
    """Return the same for columns that are one-to-one; None where that would mean nothing."""
    _, first, codes = np.unique(values, return_index=True, return_inverse=True)
    if not 1 < len(first) <= len(values) / 2:
        return None
    rank = np.argsort(np.argsort(first))
    return bytes(rank[codes].astype(np.int32).tobytes())


def _scaled(column: Column, values: Floats) -> bytes | None:
    """Return the same for numbers that differ by unit and zero only, as centimetres and inches do."""
    is_known = ~np.isnan(values)
    if column.numbers is None or not is_known.any():
        return None
    known = values[is_known] / (float(np.abs(values[is_known]).max()) or 1.0)
    std = float(known.std())
    if std < 1e-9:
        return None
    standard: Array = np.round((known - known.mean()) / std, 6) + 0.0
    return is_known.tobytes() + bytes((standard * np.sign(standard[np.flatnonzero(standard)[0]])).tobytes())
