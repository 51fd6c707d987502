"""Cells of a sweep's columns as numbers; a cell that cannot be one is named by its row."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from muscope.backend.errors import InvalidInput
from muscope.backend.sweeps.reading.roles import ColumnRole, Roles

# Reads a column of text as numbers, None where a cell is none.
ReadNumbers = Callable[[list[str]], list[float | None]]

_UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
_WITH_UNIT = re.compile(r"^\s*([\d.,]+(?:[eE][-+]?\d+)?)\s*([kKmMbBgGtT])?(?:illion)?\s*$")
# Two neighbouring sizes further apart than this are given in different units.
_UNIT_GAP = 1000.0
_SMALL = 10_000.0
_TRUE = frozenset({"1", "true", "yes", "t", "y", "1.0", "diverged", "nan"})
_DIVERGED = frozenset({"nan", "-nan", "diverged", "inf", "-inf", "+inf", "infinity", "∞"})
# A loss beyond this is one of a run that diverged, on its way to infinity.
_MOST_LOSS = 1e12
_NO_LOSS = frozenset({"", "null", "none", "n/a", "na", "-"})


def numbers(cells: Sequence[str], name: str, read: ReadNumbers) -> list[float]:
    """Return a column as finite numbers; every different cell is read once."""
    distinct = list(dict.fromkeys(cells))
    by_cell: dict[str, float] = {}
    for cell, number in zip(distinct, read(distinct), strict=True):
        if number is None or not math.isfinite(number):
            row = cells.index(cell) + 2
            if not cell.strip():
                raise InvalidInput("sweep.empty_cell", column=name, row=row)
            raise InvalidInput("sweep.no_number", column=name, row=row, given=cell)
        by_cell[cell] = number
    return [by_cell[cell] for cell in cells]


def learning_rates(cells: Sequence[str], name: str, read: ReadNumbers) -> list[float]:
    """Return a column of learning rates."""
    lrs = numbers(cells, name, read)
    for place, lr in enumerate(lrs):
        if not lr > 0:
            raise InvalidInput("sweep.lr_not_positive", column=name, row=place + 2, given=cells[place])
    return lrs


def extents(cells: Sequence[str], name: str, read: ReadNumbers, *, has_units: bool) -> list[float]:
    """Return sizes, lengths or batch sizes, written as plain numbers or as 124M.

    Args:
        has_units: the column may be written in thousands, millions or billions, so that a gap means a mix.
    """
    distinct = list(dict.fromkeys(cells))
    parts = [_WITH_UNIT.match(cell) for cell in distinct]
    units = [(part[2] or "").lower() if part is not None else "" for part in parts]
    is_plain = not any(units) or not all(parts)
    bare = distinct if is_plain else [part[1] for part in parts if part is not None]
    bare_of = dict(zip(distinct, bare, strict=True))
    scale_of = {cell: 1.0 if is_plain else _UNITS[unit] for cell, unit in zip(distinct, units, strict=True)}
    read_cells = numbers([bare_of[cell] for cell in cells], name, read)  # of all rows: a fault has its row
    by_cell = {cell: number * scale_of[cell] for cell, number in zip(cells, read_cells, strict=True)}
    for cell, value in by_cell.items():
        if not value > 0:
            row = cells.index(cell) + 2
            raise InvalidInput("sweep.extent_not_positive", column=name, row=row, given=cell)
    if has_units:
        _refuse_mixed_units(list(by_cell.values()), set() if is_plain else set(units), distinct, name)
    return [by_cell[cell] for cell in cells]


def _refuse_mixed_units(values: list[float], units: set[str], cells: Sequence[str], name: str) -> None:
    ordered = sorted(dict(zip(values, cells, strict=True)).items())
    for (small, small_cell), (large, large_cell) in pairwise(ordered):
        is_far = large / small > _UNIT_GAP and small < _SMALL
        if is_far or ("" in units and len(units) > 1 and small < _SMALL < large):
            raise InvalidInput("sweep.mixed_units", column=name, small=small_cell, large=large_cell)


def metric_of(roles: Roles) -> ColumnRole:
    """Return the role of the column that is judged; raises InvalidInput where none was named for a loss."""
    role = next(r for r in (ColumnRole.LOSS, ColumnRole.ACCURACY, ColumnRole.PERPLEXITY) if r in roles.single)
    name = roles.single[role]
    if role is not ColumnRole.LOSS and name not in roles.given:
        raise InvalidInput("sweep.not_a_loss", column=name, example=f"{role}={name}")
    return role


def losses_of(
    columns: Mapping[str, Sequence[str]], roles: Roles, read: ReadNumbers
) -> tuple[list[float], list[bool]]:
    """Return the loss of every row, NaN where none is recorded, and whether it diverged."""
    role = metric_of(roles)
    name = roles.single[role]
    cells = [cell.strip() for cell in columns[name]]
    flags = columns.get(roles.single.get(ColumnRole.DIVERGED, ""), ())
    losses, diverged = [], []
    for place, (cell, number) in enumerate(zip(cells, read(cells), strict=True)):
        word = cell.lower()
        if number is None and word not in _DIVERGED | _NO_LOSS:
            raise InvalidInput("sweep.no_number", column=name, row=place + 2, given=cell)
        is_finite = number is not None and abs(number) < _MOST_LOSS
        losses.append(number if is_finite and number is not None else math.nan)
        is_flagged = bool(flags) and flags[place].strip().lower() in _TRUE
        diverged.append(is_flagged or word in _DIVERGED or (number is not None and not is_finite))
    return _as_losses(losses, role), diverged


def _as_losses(values: list[float], role: ColumnRole) -> list[float]:
    """Return accuracies as error rates and perplexities as their logarithms."""
    if role is ColumnRole.ACCURACY:
        whole = 100.0 if max((x for x in values if math.isfinite(x)), default=0.0) > 1.0 else 1.0
        return [(whole - x) / whole for x in values]
    if role is ColumnRole.PERPLEXITY:
        return [math.log(x) if x > 0 else math.nan for x in values]
    return values


def initial_loss_of(columns: Mapping[str, Sequence[str]], roles: Roles, read: ReadNumbers) -> float | None:
    """Return the mean loss at init; None where the table has none."""
    name = roles.single.get(ColumnRole.INITIAL_LOSS)
    if name is None:
        return None
    found = [x for x in read(list(columns[name])) if x is not None and math.isfinite(x)]
    return sum(found) / len(found) if found else None
