"""Finds the kind of a column (numbers or categories) and its values. A cell that almost fits is an error."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import ColumnKind
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.wording import shown

MISSING = ("", "na", "n/a", "nan", "null", "none", "-", "欠損")
MAX_LEVELS = 1000  # more distinct texts are counted, not kept: neither a label nor a feature can use them
# From this share of numbers on, a text among them is taken for a slip of the pen. 0.9 rather than 0.95, so
# that one bad cell in a table of ten rows is named instead of turning its column into ten categories.
_NUMERIC_SHARE = 0.9
# Characters spreadsheets put around digits. A person reads such cells as numbers, so errors name them.
_DECORATION = r"[,\s¥$€£%円_]"

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class TextCell:
    """A cell that is no number, where a spreadsheet shows it."""

    row: int
    value: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column as values: NaN is missing in `numbers`, -1 is missing in `codes`; one of the two is used."""

    name: str
    kind: ColumnKind
    num_missing: int
    num_distinct: int
    examples: tuple[str, ...]
    numbers: Floats | None = None
    codes: Codes | None = None
    levels: tuple[str, ...] = ()
    first_text: TextCell | None = None

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """Return which rows have no value; empty for a text column with too many levels."""
        if self.numbers is not None:
            return np.isnan(self.numbers)
        return np.empty(0, np.bool_) if self.codes is None else self.codes < 0


def read_column(name: str, cells: pl.Series, rows: array[int], *, may_mix: bool = False) -> Column:
    """Return the column's values; `may_mix` allows texts among numbers, as class names do."""
    numbers, texts = _numbers_and_texts(cells)
    present = int(np.count_nonzero(~np.isnan(numbers))) + len(texts.cells)
    if not len(texts.cells):
        return _numeric(name, numbers)
    first = TextCell(rows[int(texts.places[0])], str(texts.cells[0]))
    if not may_mix:
        _refuse_slips(name, texts, present, rows)
    return _categorical(name, cells, first)


def number_column(name: str, values: NDArray[Any]) -> Column:
    """Return numbers that are known already as a column."""
    return _numeric(name, values.astype(np.float64))


@dataclass(frozen=True, slots=True)
class _Texts:
    cells: pl.Series
    places: NDArray[np.int64]


def _numbers_and_texts(cells: pl.Series) -> tuple[Floats, _Texts]:
    """Return a number per row (NaN where there is none) and the cells neither number nor missing."""
    numbers = _finite(cells)
    places = np.flatnonzero(np.isnan(numbers))
    if not places.size:  # the usual case; with 10,000 columns the steps below would take most of the time
        return numbers, _Texts(cells.clear(), places)
    rest = cells.gather(places).str.strip_chars()
    numbers[places] = _finite(rest)
    is_text = np.isnan(numbers[places]) & ~rest.str.to_lowercase().is_in(MISSING).to_numpy()
    return numbers, _Texts(rest.filter(pl.Series(is_text)), places[is_text])


def _finite(cells: pl.Series) -> Floats:
    values = cells.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().copy()
    values[~np.isfinite(values)] = np.nan
    return values


def _refuse_slips(name: str, texts: _Texts, present: int, rows: array[int]) -> None:
    """Raise for the first text of a column that is otherwise numbers, plainly written or not."""
    plain = texts.cells.str.normalize("NFKC").str.replace_all("[−‐―ー]", "-").str.replace_all(_DECORATION, "")
    is_like_number = ~np.isnan(_finite(plain))
    num_texts = len(is_like_number) - int(np.count_nonzero(is_like_number))
    if present - num_texts < _NUMERIC_SHARE * present:
        return
    code = "dataset.number_format" if is_like_number[0] else "dataset.not_a_number"
    raise InvalidInput(code, row=rows[int(texts.places[0])], column=shown(name), value=shown(texts.cells[0]))


def _numeric(name: str, numbers: Floats) -> Column:
    distinct = np.unique(numbers[~np.isnan(numbers)])
    return Column(
        name=name,
        kind=ColumnKind.NUMERIC,
        num_missing=int(np.count_nonzero(np.isnan(numbers))),
        num_distinct=len(distinct),
        examples=tuple(f"{value:g}" for value in _first_distinct(numbers[~np.isnan(numbers)].tolist()[:100])),
        numbers=numbers,
    )


def _categorical(name: str, cells: pl.Series, first: TextCell) -> Column:
    texts = cells.str.strip_chars()
    is_missing = texts.str.to_lowercase().is_in(MISSING)
    levels = texts.filter(~is_missing).unique().sort()
    codes = None
    if len(levels) <= MAX_LEVELS:
        coded = texts.cast(pl.Enum(levels), strict=False).to_physical().cast(pl.Int32)
        codes = coded.set(is_missing, None).fill_null(-1).to_numpy().astype(np.int32)
    return Column(
        name=name,
        kind=ColumnKind.CATEGORICAL,
        num_missing=int(is_missing.sum()),
        num_distinct=len(levels),
        examples=tuple(
            shown(text) for text in _first_distinct(texts.filter(~is_missing).head(100).to_list())
        ),
        codes=codes,
        levels=tuple(levels.to_list()) if codes is not None else (),
        first_text=first,
    )


def _first_distinct(values: list[Any], most: int = 3) -> list[Any]:
    return list(dict.fromkeys(values))[:most]
