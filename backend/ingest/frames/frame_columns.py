"""Typed columns as columns of text, and the columns of a frame that are no data of its table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.errors import InvalidInput, TooLarge
from muscope.backend.ingest.sheets.cell_text import duration_text, truth_text
from muscope.backend.ingest.table.layout import MAX_COLUMNS
from muscope.backend.ingest.table.names import cleaned, unique
from muscope.backend.ingest.wording import listed, number_text

_MIDNIGHT = r" 00:00:00$"
_POINT_ZERO = r"\.0$"
_MANY_DIGITS = 1e15  # from here polars writes an exponent
_NESTED = (pl.List, pl.Array, pl.Struct, pl.Object, pl.Binary)
_PANDAS_INDEX = re.compile(r"__index_level_\d+__$")
_ROW_NUMBERS = re.compile(r"(?:Unnamed: 0(?:\.\d+)*|index|)$")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Selection:
    """Columns to read, and notes about those that are not."""

    names: tuple[str, ...]
    notes: tuple[DataWarning, ...]


def select_columns(schema: pl.Schema) -> Selection:
    """Return the columns of a frame that hold one value a row and are no index without a name of its own.

    Raises `dataset.too_many_columns`, `dataset.no_flat_columns`.
    """
    nested = [name for name, kind in schema.items() if isinstance(kind, _NESTED)]
    # An index of moments is often the only place where a time series has its time.
    indexes = [name for name, kind in schema.items() if _PANDAS_INDEX.match(name) and not kind.is_temporal()]
    left_out = {*nested, *indexes}
    names = tuple(name for name in schema if name not in left_out)
    check_columns(names, nested)
    return Selection(names, (*nested_notes(nested), *index_notes(indexes)))


def check_columns(names: Sequence[str], nested: Sequence[str]) -> None:
    """Raise where there are too many columns, or none but nested ones."""
    if len(names) > MAX_COLUMNS:
        raise TooLarge("dataset.too_many_columns", count=len(names), limit=MAX_COLUMNS)
    if not names:
        raise InvalidInput("dataset.no_flat_columns", columns=listed(list(nested), _MOST_NAMED) or "–")


def nested_notes(names: Sequence[str]) -> list[DataWarning]:
    """Return the note that columns of lists, records or bytes are left out, if any are."""
    return _left_out("dataset.nested_left_out", names)


def index_notes(names: Sequence[str]) -> list[DataWarning]:
    """Return the note that columns which only number the rows are left out, if any are."""
    return _left_out("dataset.index_left_out", names)


def _left_out(code: str, names: Sequence[str]) -> list[DataWarning]:
    params = {"columns": listed(list(names), _MOST_NAMED), "count": len(names)}
    return [DataWarning(code=code, params=params)] if names else []


def text_of(column: pl.Series) -> pl.Series:
    """Return a column as text: numbers to the last digit, ISO dates, `TRUE`; a missing value is empty."""
    kind = column.dtype
    if kind.is_float():
        text = _float_text(column)
    elif kind == pl.Boolean:
        text = column.cast(pl.String).replace_strict(
            {"true": truth_text(True), "false": truth_text(False)}, default=None, return_dtype=pl.String
        )
    elif isinstance(kind, pl.Datetime):
        wall = column.dt.replace_time_zone(None)
        text = wall.dt.to_string("%Y-%m-%d %H:%M:%S%.f").str.replace(_MIDNIGHT, "")
    elif kind == pl.Time:
        text = column.dt.to_string("%H:%M:%S%.f")
    elif isinstance(kind, pl.Duration):
        values = [None if value is None else duration_text(value) for value in column.to_list()]
        text = pl.Series(values, dtype=pl.String)
    else:
        text = column.cast(pl.String)
    return text.fill_null("").alias("")


def _float_text(column: pl.Series) -> pl.Series:
    text = column.fill_nan(None).cast(pl.String).str.replace(_POINT_ZERO, "")
    is_long = (column.abs() >= _MANY_DIGITS) & column.is_finite()
    places = is_long.fill_null(False).arg_true()
    return text.scatter(places, [number_text(value) for value in column.gather(places).to_list()])


def counts_rows(name: str, column: pl.Series, places: NDArray[np.int64]) -> bool:
    """Say whether a column that its program named holds only each row's place, from 0 or 1.

    Args:
        column: texts [n].
        places: of these rows in the file [n], from 0.
    """
    if not _ROW_NUMBERS.match(name.strip()) or column[0] not in (str(places[0]), str(places[0] + 1)):
        return False
    start = int(column[0]) - int(places[0])
    return bool((column == pl.Series(places + start).cast(pl.String)).all())


def usable_names(names: Sequence[str]) -> list[str]:
    """Return names that are neither blank nor equal, as for the columns of a text table."""
    plain = [_PANDAS_INDEX.sub("index", cleaned(name)) for name in names]
    return unique([name or f"column_{position}" for position, name in enumerate(plain, start=1)])[0]
