"""Turns columns into the matrix for training: standardised numbers and one-hot categories, in float32."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import ColumnKind, DataWarning, FittedColumn
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.values.numbers import Floats
from muscope.backend.ingest.wording import shown

DAY, YEAR = 86_400.0, 365.2425 * 86_400.0
MAX_ONE_HOT = 100
MAX_FEATURES = 10_000
MAX_MATRIX_CELLS = 100_000_000  # 400 MB of float32, twice while it is put together
_MOST_EXTREME = 1e6  # standard deviations; beyond it float32 sums lose the other features

Rows = NDArray[np.int64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Standardised:
    """Numbers in training standard deviations from the training mean, and both in the numbers' own unit."""

    values: Floats
    mean: float
    std: float


@dataclass(frozen=True, slots=True)
class Features:
    """The two matrices [rows, features], the features' names, and what was fitted and changed on the way."""

    x_train: Matrix
    x_val: Matrix
    names: tuple[str, ...]
    warnings: tuple[DataWarning, ...]
    fitted: tuple[FittedColumn, ...] = ()


@dataclass(frozen=True, slots=True)
class _Block:
    """The features one column gives; none where it carries nothing."""

    names: tuple[str, ...] = ()
    values: Matrix | None = None
    warnings: tuple[DataWarning, ...] = ()
    is_informative: bool = False
    fitted: FittedColumn | None = None


def standardise(values: Floats, num_train: int) -> Standardised:
    """Return `values` by the mean and std of the first `num_train`; zeros where those are constant."""
    unit = float(np.max(np.abs(values[:num_train]), initial=0.0)) or 1.0  # squares of 1e200 would overflow
    with np.errstate(over="ignore"):  # a validation row may be as far off as it likes; it is clipped below
        scaled = values / unit
    train = scaled[:num_train]
    if train.min() == train.max():
        return Standardised(np.zeros_like(values), float(train[0]) * unit, 0.0)
    mean, std = float(train.mean()), float(train.std())
    if std == 0:
        return Standardised(np.zeros_like(values), mean * unit, 0.0)
    limit = _MOST_EXTREME * std
    standard = np.clip(scaled - mean, -limit, limit) / std
    return Standardised(standard, mean * unit, std * unit)


def encode(columns: Sequence[Column], train: Rows, val: Rows) -> Features:
    """Return the feature matrices of the given rows; a column without information gives a warning."""
    rows = np.concatenate([train, val])
    blocks: list[_Block] = []
    num_features = 0
    for column in columns:
        if column.left_out is not None:
            continue
        blocks.append(_block_of(column, rows, len(train)))
        num_features += len(blocks[-1].names)
        _check_size(len(rows), num_features)
    if not any(block.is_informative for block in blocks):
        raise InvalidInput("dataset.no_features", count=len(columns))
    parts = [block.values for block in blocks if block.values is not None]
    return Features(
        x_train=np.concatenate([part[: len(train)] for part in parts], axis=1),
        x_val=np.concatenate([part[len(train) :] for part in parts], axis=1),
        names=tuple(name for block in blocks for name in block.names),
        warnings=tuple(warning for block in blocks for warning in block.warnings),
        fitted=tuple(block.fitted for block in blocks if block.fitted is not None),
    )


def _block_of(column: Column, rows: Rows, num_train: int) -> _Block:
    if column.kind is ColumnKind.TIME:
        return _time_block(column, rows, num_train)
    make = _number_block if column.numbers is not None else _category_block
    return make(column, rows, num_train)


def _time_block(column: Column, rows: Rows, num_train: int) -> _Block:
    """Return a time as how long ago it was and, as far as they vary, its cycles: year, week and day."""
    assert column.numbers is not None
    elapsed = _number_block(column, rows, num_train)
    if elapsed.values is None or not elapsed.is_informative:
        return elapsed
    cycles = cycles_of(column, column.numbers[rows], num_train)
    names = (*elapsed.names, *(f"{shown(column.name)} {name}" for name, _ in cycles))
    values = np.concatenate([elapsed.values, *(part[:, None] for _, part in cycles)], axis=1)
    return _Block(names, values, elapsed.warnings, is_informative=True, fitted=elapsed.fitted)


def cycles_of(column: Column, seconds: Floats, num_train: int) -> list[tuple[str, NDArray[np.float32]]]:
    """Return sine and cosine of the cycles that training rows run through, 0 where the time is missing."""
    known = seconds[:num_train][np.isfinite(seconds[:num_train])]
    span = float(known.max() - known.min()) if known.size else 0.0
    cycles = []
    if column.is_time_of_day or np.unique(known % DAY).size > 1:
        cycles.append(("day", DAY))
    if not column.is_time_of_day and span >= 6 * DAY and np.unique(known // DAY % 7).size > 1:
        cycles.append(("week", 7 * DAY))
    if not column.is_time_of_day and span >= YEAR / 6:
        cycles.append(("year", YEAR))
    found = []
    for name, period in cycles:
        angle = 2 * np.pi * (seconds % period) / period
        for kind, wave in (("sin", np.sin(angle)), ("cos", np.cos(angle))):
            found.append((f"{name} {kind}", np.nan_to_num(wave).astype(np.float32)))
    return found


def _check_size(num_rows: int, num_features: int) -> None:
    if num_features > MAX_FEATURES:
        raise TooLarge("dataset.too_many_features", count=num_features, limit=MAX_FEATURES)
    if num_rows * num_features > MAX_MATRIX_CELLS:
        raise TooLarge("dataset.too_large", rows=num_rows, features=num_features, limit=MAX_MATRIX_CELLS)


def _warn(code: str, column: Column, **params: int | float) -> DataWarning:
    return DataWarning(code=code, params={"column": shown(column.name), **params})


def _number_block(column: Column, rows: Rows, num_train: int) -> _Block:
    assert column.numbers is not None
    values = column.numbers[rows]
    is_missing = np.isnan(values)
    known = values[:num_train][~is_missing[:num_train]]
    if not known.size:
        return _Block(warnings=(_warn("dataset.empty_column", column),))
    warnings: list[DataWarning] = []
    middle = (known.size - 1) // 2  # the lower of two: no sum that could overflow
    median = float(np.partition(known, middle)[middle])
    if is_missing.any():
        values[is_missing] = median
        count = int(np.count_nonzero(is_missing))
        warnings.append(_warn("dataset.missing_filled", column, count=count, value=float(f"{median:.6g}")))
    result = standardise(values, num_train)
    if result.std == 0:
        warnings.append(_warn("dataset.constant_column", column))
    num_extreme = int(np.count_nonzero(np.abs(result.values) >= _MOST_EXTREME * (1 - 1e-9)))
    if num_extreme:
        warnings.append(_warn("dataset.extreme_values", column, count=num_extreme, limit=int(_MOST_EXTREME)))
    block = result.values.astype(np.float32)[:, None]
    fitted = FittedColumn(column=column.name, mean=result.mean, std=result.std, median=median)
    return _Block((shown(column.name),), block, tuple(warnings), result.std > 0, fitted)


def _category_block(column: Column, rows: Rows, num_train: int) -> _Block:
    """One-hot by the levels of the training rows; a missing cell is one of them, a new level is none."""
    if column.codes is None:
        return _Block(warnings=(_too_many_levels(column, column.num_distinct),))
    codes = column.codes[rows]
    used = np.unique(codes[:num_train])
    if len(used) > MAX_ONE_HOT:
        return _Block(warnings=(_too_many_levels(column, len(used)),))
    if len(used) == 1:
        code = "dataset.empty_column" if used[0] < 0 else "dataset.constant_column"
        return _Block(warnings=(_warn(code, column),))
    used = np.append(used[used >= 0], used[used < 0])
    levels = ["?" if code < 0 else column.levels[code] for code in used]
    names = tuple(f"{shown(column.name)}={shown(level)}" for level in levels)
    fitted = FittedColumn(column=column.name, levels=tuple(map(shown, levels)))
    return _Block(names, (codes[:, None] == used).astype(np.float32), (), True, fitted)


def _too_many_levels(column: Column, count: int) -> DataWarning:
    return _warn("dataset.too_many_levels", column, count=count, limit=MAX_ONE_HOT)
