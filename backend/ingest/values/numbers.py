"""Reads numbers as people and spreadsheets write them: with units, signs, groups and decimal commas.

A column is read as a whole, since a comma can group thousands or begin the decimals: what all its cells allow
decides. All steps work on columns of text at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from muscope.backend.ingest.values.degrees import decimal_degrees
from muscope.backend.ingest.values.missing import INFINITE

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Decimal = Literal[".", ","]

_CURRENCY = r"(?:[¥$€£₩₹円元원]|USD|JPY|EUR|GBP|CNY|KRW|Rs\.?|US\$|kr\.?)"
_SCALES = {"千円": 1e3, "百万円": 1e6, "万円": 1e4, "億円": 1e8, "万": 1e4, "億": 1e8}
# Thousands in threes, or in twos after the first three as in India; blanks and apostrophes are gone by then.
_GROUPED = r"^-?\d{1,3}(?:,\d{3})+(?:\.\d*)?$|^-?\d{1,2}(?:,\d{2})*,\d{3}(?:\.\d*)?$"
_COMMA_DECIMALS = r"^-?\d*,\d+(?:[eE][-+]?\d+)?$|^-?\d{1,3}(?:\.\d{3})+(?:,\d+)?$"
_DOT_GROUPED = r"^-?\d{1,3}(?:\.\d{3})+$"
_BATCH_CELLS = 500_000
_RINGED = "^[①-⓿❶-➓㉑-㉟㊱-㊿]"
_NUMERAL = r"\p{N}|∞|(?i:inf)"
_MEASURED = r"^-?\d[\d.,]*\s*[^\d\s\-~–]{0,12}$"
_BOUND = r"^[<>≤≥≦≧]=?\s*(-?[\d.,])"
# Different limits of detection of one column, and the least share of values between them.
_MOST_LIMITS, _LEAST_MEASURED = 3, 0.1
# Share of the cells with a unit that must have the same one.
_ONE_UNIT = 0.95
# Share of the numbers that must have it; a single one is a slip of the pen, as 12O is.
_LEAST_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of a column of N cells.

    Attributes:
        values: [N], NaN where a cell is no number.
        is_number: [N], also where the number is infinite, whose value is NaN.
        written: codes of how the cells were written, `read_as.<code>`.
        unit: the unit that was cut off.
        is_written: cells [N] that were written so, by code.
    """

    values: Floats
    is_number: Flags
    written: tuple[str, ...] = ()
    unit: str = ""
    is_written: Mapping[str, Flags] = field(default_factory=dict)


@dataclass(slots=True)
class _Text:
    """Cells on their way to plain numbers, and what was met on the way."""

    cells: pl.Series
    written: dict[str, Flags] = field(default_factory=dict)

    def change(self, code: str, pattern: str, by: str) -> Flags:
        """Replace a pattern, and remember the code for the cells that had it; return them."""
        found: Flags = self.cells.str.contains(pattern).fill_null(value=False).to_numpy()
        if found.any():
            self.cells = self.cells.str.replace_all(pattern, by)
            self.mark(code, found)
        return found

    def mark(self, code: str, found: Flags) -> None:
        """Remember a code for some cells."""
        if code:
            self.written[code] = self.written.get(code, np.zeros_like(found)) | found


def plain_numbers(cells: pl.Series) -> Floats:
    """Return the cells that are plain decimal numbers, NaN elsewhere; infinite ones stay infinite."""
    values: Floats = cells.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().copy()
    return values


def batches(columns: Sequence[pl.Series]) -> Iterator[tuple[pl.Series, Sequence[pl.Series]]]:
    """Yield columns of text, many short ones joined to one, and those that it holds."""
    size = max(1, _BATCH_CELLS // max(1, len(columns[0]))) if columns else 1
    for begin in range(0, len(columns), size):
        parts = columns[begin : begin + size]
        yield (pl.concat(parts) if len(parts) > 1 else parts[0]), parts


def read_numbers(cells: pl.Series, decimal: Decimal | None = None, *, num_plain: int = 0) -> Numbers:
    """Return the numbers in a column of text without blanks around.

    Args:
        decimal: the sign before the decimals, of the whole file; None reads it from the column.
        num_plain: plain numbers among the other cells. Beside them or others `<0.01` is a bound if the
            bounds are few different ones; a unit is one only if many cells have it.
    """
    if not _may_hold_numbers(cells):
        return Numbers(np.full(len(cells), np.nan), np.zeros(len(cells), np.bool_))
    # A numeral in a ring is a mark of a kind or rank; NFKC would make a number of it.
    is_ringed = cells.str.contains(_RINGED)
    text = _Text(cells.zip_with(is_ringed, cells.str.normalize("NFKC")))
    text.mark("full_width", (text.cells != cells).to_numpy())
    _join_degrees(text)
    values_by_sign(text)
    if _has_bounds(text.cells, num_plain):
        text.change("bound", _BOUND, "$1")
    percent = text.change("percent", r"\s*%$", "") / 1.0
    factors = np.where(percent > 0, 0.01, 1.0) * _scales(text)
    unit = _cut_unit(text, num_plain)
    text.change("groups", r"(\d)[\u00a0\u202f '’](\d{3})(\D|$)", "$1$2$3")
    text.change("groups", r"(\d)[\u00a0\u202f '’](\d{3})(\D|$)", "$1$2$3")
    _resolve_commas(text, decimal)
    values = plain_numbers(text.cells)
    is_infinite = np.isinf(values) | text.cells.str.to_lowercase().is_in(list(INFINITE)).to_numpy()
    is_number = ~np.isnan(values) | is_infinite
    values[is_infinite] = np.nan
    text.mark("infinite", is_infinite)
    written = tuple(code for code, found in text.written.items() if (found & is_number).any())
    return Numbers(values * factors, is_number, written, unit, text.written)


def _join_degrees(text: _Text) -> None:
    """Write degrees with minutes as one number."""
    if not text.cells.str.contains("[°度]").any():
        return
    degrees = decimal_degrees(text.cells)
    found = degrees.is_not_null()
    text.cells = degrees.cast(pl.String).zip_with(found, text.cells)
    if found.any():
        text.mark("degrees", found.to_numpy())


def _may_hold_numbers(cells: pl.Series) -> bool:
    """Return whether any cell has a numeral or stands for infinity, by its distinct cells."""
    return bool(cells.unique().str.normalize("NFKC").str.contains(_NUMERAL).any())


def values_by_sign(text: _Text) -> None:
    """Turn every way to write a sign or a currency into a leading minus or nothing."""
    text.change("minus", r"^\s*[−–‐‑‒―ー]\s*", "-")
    text.change("triangle", r"^\s*[▲△]\s*", "-")
    text.change("parentheses", rf"^\(\s*({_CURRENCY}?\s*[\d.,' ]+\s*{_CURRENCY}?)\s*\)$", "-$1")
    text.change("trailing_minus", r"^([\d.,' ]*\d)\s*-$", "-$1")
    text.change("plus_minus", r"^(-?[\d.,]+)\s*±\s*[\d.,]+", "$1")
    # Double precision of Fortran, which always has the point: 10D1 is a code.
    text.change("", r"^([-+]?(?:\d+\.\d*|\.\d+))[dD]([-+]?\d{1,3})$", "${1}e${2}")
    text.change("currency", rf"^(-?)\s*{_CURRENCY}\s*(-?)\s*([\d.,])", "$1$2$3")
    text.change("currency", rf"([\d.,])\s*{_CURRENCY}(?:也)?$", "$1")
    text.change("", r"^\+\s*", "")


def _has_bounds(cells: pl.Series, num_plain: int) -> bool:
    """Return whether cells such as `<0.01` stand for limits of a measurement, and not for ranges."""
    bounds = cells.filter(cells.str.contains(_BOUND))
    if not len(bounds):
        return False
    measured = cells.filter(cells.str.contains(_MEASURED))
    others = num_plain + len(measured)
    is_few = bounds.n_unique() <= _MOST_LIMITS and others >= _LEAST_MEASURED * (len(bounds) + others)
    is_measured = num_plain > 2 * _MOST_LIMITS or measured.n_unique() > _MOST_LIMITS
    return is_measured and (others > len(bounds) or is_few)


def _scales(text: _Text) -> Floats:
    """Cut off words for thousands and millions, and return the factor of every cell."""
    factors = np.ones(len(text.cells))
    _join_scales(text)
    for word, factor in _SCALES.items():
        factors[text.change("scale", rf"(\d)\s*{word}$", "$1")] = factor
    return factors


def _join_scales(text: _Text) -> None:
    """Write amounts in two units, 1億2000万, as one number."""
    if not text.cells.str.contains("億", literal=True).any():
        return
    pattern = r"^(-?)(\d[\d,]*(?:\.\d+)?)億(\d[\d,]*)(?:万|百万)(?:円)?$"
    parts = text.cells.str.extract_groups(pattern).struct.unnest()
    signs, large, small = (parts[name] for name in parts.columns)
    found = large.is_not_null()
    if found.any():
        numbers = [each.str.replace_all(",", "").cast(pl.Float64, strict=False) for each in (large, small)]
        millions = text.cells.str.contains("百万")
        joined = numbers[0] * 1e8 + numbers[1] * 1e4 * (1 + 99 * millions.cast(pl.Float64))
        whole = joined.round().cast(pl.Int64, strict=False)
        found = found & whole.is_not_null()
        text.cells = (signs + whole.cast(pl.String)).zip_with(found, text.cells)
        text.mark("scale", found.to_numpy())


def _cut_unit(text: _Text, num_plain: int) -> str:
    """Cut off a unit that nearly all cells with letters share, and return it; empty where there is none."""
    units = text.cells.str.extract(
        r"^-?[\d.,' ]*\d\s*([^\d\s.,'\-+:/()#%][^\d:]{0,11}|[a-zA-Z]+[23/][a-zA-Z]*)$", 1
    )
    present = units.drop_nulls().str.strip_chars()
    if not len(present):
        return ""
    counts = present.value_counts(sort=True)
    most, count = str(counts[counts.columns[0]][0]), int(counts["count"][0])
    is_rare = count < _LEAST_SHARE * (count + num_plain)
    if is_rare or count < _ONE_UNIT * len(present) or most.lower() in {"e", "x"}:
        return ""
    has_unit = (units.str.strip_chars() == most).fill_null(value=False)
    cut = text.cells.str.strip_suffix(most).str.strip_chars()
    text.cells = cut.zip_with(has_unit, text.cells)
    text.mark("unit", has_unit.to_numpy())
    return most


def _resolve_commas(text: _Text, decimal: Decimal | None) -> None:
    """Turn commas into nothing or a point, as all cells of the column allow."""
    has_comma = text.cells.str.contains(",", literal=True).fill_null(value=False)
    if decimal != "," and not has_comma.any():
        return
    of_comma = text.cells.filter(has_comma)
    is_decimal = decimal == "," or (decimal is None and is_decimal_comma(of_comma))
    if is_decimal:
        dots = text.cells.str.contains(_DOT_GROUPED) if has_comma.any() else pl.Series([False])
        if dots.any() or of_comma.str.contains(r"\.\d{3}").any():
            text.change("groups", r"\.", "")
        text.change("decimal_comma", ",", ".")
        return
    grouped = text.cells.str.contains(_GROUPED).fill_null(value=False)
    if grouped.any():
        text.cells = text.cells.str.replace_all(",", "", literal=True).zip_with(grouped, text.cells)
        text.mark("thousands", grouped.to_numpy())


def is_decimal_comma(of_comma: pl.Series) -> bool:
    """Return whether the commas of these cells can only begin decimals."""
    if not len(of_comma):
        return False
    num_fitting = int(of_comma.str.contains(_COMMA_DECIMALS).sum())
    return num_fitting >= 0.9 * len(of_comma) and not of_comma.str.contains(_GROUPED).all()
