"""Names of groups that stand in the first row of each group only, as merged cells are exported."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from muscope.backend.domain.spec.dataset import DataWarning, Decision
from muscope.backend.ingest.manifest import IngestOptions
from muscope.backend.ingest.wording import listed

# Share of the rows that may have a name; groups are larger than one row.
_MOST_FILLED = 0.6
_LEAST_GROUPS, _LEAST_ROWS = 2, 10
# Share of the names that differ from the one above: equal ones would have been merged.
_CHANGING = 0.9
_FULL = 0.95
_MOST_SHOWN = 5


class Filled(NamedTuple):
    """Columns by name, with the question about them."""

    columns: dict[str, pl.Series]
    decisions: tuple[Decision, ...] = ()
    notes: tuple[DataWarning, ...] = ()


def with_groups_filled(columns: dict[str, pl.Series], options: IngestOptions) -> Filled:
    """Return the columns, those with a name for each group filled down unless their owner says no."""
    found = _group_columns(columns)
    if not found:
        return Filled(columns)
    is_open = options.fill_down is None
    decision = Decision(
        option="fill_down",
        value=options.fill_down or "fill",
        is_guessed=is_open,
        is_question=is_open,
        choices=("fill", "leave"),
        examples=tuple(found[:_MOST_SHOWN]),
    )
    if options.fill_down == "leave":
        return Filled(columns, (decision,))
    blank = {name: columns[name].str.strip_chars() == "" for name in found}
    filled = {
        name: pl.select(pl.when(~blank[name]).then(columns[name])).to_series().forward_fill()
        for name in found
    }
    params: dict[str, str | int | float] = {
        "columns": listed(found, _MOST_SHOWN),
        "count": sum(int(each.sum()) for each in blank.values()),
    }
    note = DataWarning(code="dataset.filled_down", params=params)
    return Filled({**columns, **filled}, (decision,), (note,))


def _group_columns(columns: dict[str, pl.Series]) -> list[str]:
    """Return the columns of groups: the first ones, but for one that numbers the rows."""
    found = []
    for place, (name, cells) in enumerate(columns.items()):
        if _is_of_groups(cells):
            found.append(name)
        elif place > 0 or not _is_counting(cells):
            break
    rest = [cells for name, cells in columns.items() if name not in found]
    return found if found and any(_share_filled(cells) >= _FULL for cells in rest) else []


def _is_of_groups(cells: pl.Series) -> bool:
    text = cells.str.strip_chars()
    names = text.filter(text != "")
    if (
        len(text) < _LEAST_ROWS
        or text[0] == ""
        or not _LEAST_GROUPS <= len(names) <= _MOST_FILLED * len(text)
    ):
        return False
    if names.str.contains(r"^-?\d*[.,]\d+$").any():
        return False  # measured now and then
    num_changing = 1 + int((names != names.shift(1)).sum())
    return num_changing >= _CHANGING * len(names)


def _is_counting(cells: pl.Series) -> bool:
    numbers = cells.str.strip_chars().cast(pl.Int64, strict=False)
    return numbers.null_count() == 0 and bool((numbers.diff().drop_nulls() == 1).all())


def _share_filled(cells: pl.Series) -> float:
    return int((cells.str.strip_chars() != "").sum()) / max(1, len(cells))
