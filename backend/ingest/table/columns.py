"""Finds the kind of a column, numbers, categories or times, and its values; what is dropped is said."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import ColumnKind, ColumnUse, DataWarning, Decision
from muscope.backend.ingest.table.levels import Levels, levels_of
from muscope.backend.ingest.values.missing import AMBIGUOUS, ERRORS, MARKS, MISSING
from muscope.backend.ingest.values.numbers import Decimal, Floats, plain_numbers, read_numbers
from muscope.backend.ingest.values.times import read_compact_dates, read_times
from muscope.backend.ingest.wording import listed, shown

# From this share of numbers on, a text among them is taken for a missing value, and said.
NUMERIC_SHARE = 0.9
# Fewer numbers do where the other cells are the same few texts.
FEW_TEXTS, NUMERIC_SHARE_WITH_FEW = 3, 0.5
_HIDDEN = "[\u200b\u200c\u200d\u2060\ufeff\u00ad]"
_TEXT_CELL = r"""^(?:'(.*)|="(.*)")$"""
_MOST_SHOWN = 5

Codes = NDArray[np.int32]


class TextCell(NamedTuple):
    """A cell that is no number, where a spreadsheet shows it."""

    row: int
    value: str


class Reading(NamedTuple):
    """Terms of reading a file's columns: sign of decimals, further cells that mean missing, and the label.

    `label`: the column whose texts may be class names among numbers, if its task is classification.
    """

    decimal: Decimal | None = None
    missing: tuple[str, ...] = ()
    uses: Mapping[str, ColumnUse] = MappingProxyType({})
    label: str | None = None
    is_class: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column as values: NaN is missing in `numbers`, -1 is missing in `codes`; one of the two is used.

    Times are seconds since 1970, or of the day. `left_out`: reason why it is no feature; None if it is one.
    `read_as`: how its cells were written. `notes`: what was done to it, `decisions`: what may be changed.
    """

    name: str
    kind: ColumnKind
    num_missing: int
    num_distinct: int
    examples: tuple[str, ...]
    num_rows: int = 0
    numbers: Floats | None = None
    codes: Codes | None = None
    levels: tuple[str, ...] = ()
    first_text: TextCell | None = None
    read_as: str | None = None
    left_out: str | None = None
    use: ColumnUse | None = None
    notes: tuple[DataWarning, ...] = ()
    decisions: tuple[Decision, ...] = ()
    is_time_of_day: bool = False

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """Return which rows have no value; empty for a text column with too many levels."""
        if self.numbers is not None:
            return np.isnan(self.numbers)
        return np.empty(0, np.bool_) if self.codes is None else self.codes < 0


class _Cells(NamedTuple):
    """Cells of a column without blanks around, and which of them are surely missing."""

    name: str
    text: pl.Series
    rows: array[int]
    is_missing: NDArray[np.bool_]
    has_errors: bool
    was_text: bool = False


def read_column(name: str, cells: pl.Series, rows: array[int], reading: Reading) -> Column:
    """Return the values of a column, as the use its owner gave or as its cells suggest."""
    use = reading.uses.get(name)
    if use is None and name != reading.label and not reading.missing:
        numbers = _plain_quantity(cells)
        if numbers is not None:
            return _numeric(name, numbers)
    found = _cleaned(name, cells, rows, reading.missing)
    if use is ColumnUse.LEAVE_OUT:
        column = _categorical(found, reading)
        return replace(column, left_out="by_owner", use=use)
    column = _with_words(_read_as(found, reading, use), found)
    if found.has_errors:
        column = replace(column, notes=(*column.notes, _errors_note(found)))
    if use is not None or name == reading.label:
        return replace(column, use=use)
    return column


def _plain_quantity(cells: pl.Series) -> Floats | None:
    """Return the numbers of a column that holds nothing else and no codes, the usual case; else None."""
    numbers = plain_numbers(cells)
    if not np.isfinite(numbers).all():
        return None
    if (numbers != np.trunc(numbers)).any():
        return numbers  # no codes and no dates; with thousands of columns each look at their text takes long
    has_codes = cells.str.contains(r"^0\d").any() or bool((cells.str.len_bytes() > 15).any())
    has_dates = len(cells) and cells.head(20).str.contains(r"^(?:19|20)\d{6}$").all()
    return None if has_codes or has_dates else numbers


def number_column(name: str, values: NDArray[Any]) -> Column:
    """Return numbers that are known already as a column."""
    return _numeric(name, values.astype(np.float64))


def _read_as(found: _Cells, reading: Reading, use: ColumnUse | None) -> Column:
    is_class_label = found.name == reading.label and reading.is_class
    if use is ColumnUse.CATEGORY or (is_class_label and _has_codes(found)):
        return _categorical(found, reading)
    if use is ColumnUse.TIME or (use is None and not found.was_text):
        time = _time(found)
        if time is not None:
            return time
    if use is None and _has_codes(found):
        return replace(_categorical(found, reading), read_as="codes")
    number = (
        None
        if is_class_label and not _all_plain(found)
        else _number(found, reading, is_wanted=use is ColumnUse.NUMBER)
    )
    return _categorical(found, reading) if number is None else number


def _cleaned(name: str, cells: pl.Series, rows: array[int], missing: Collection[str]) -> _Cells:
    text = cells.str.strip_chars()
    if text.str.contains(_HIDDEN).any():
        text = text.str.replace_all(_HIDDEN, "").str.strip_chars()
    was_text = False
    if text.str.contains(_TEXT_CELL).sum() > 0.5 * max(1, int((text != "").sum())):
        text, was_text = text.str.replace(_TEXT_CELL, "$1$2"), True
    lower = text.str.to_lowercase()
    wanted = [each.strip().casefold() for each in missing]
    is_error = lower.is_in(list(ERRORS))
    is_missing = (lower.is_in(list(MISSING)) | is_error | lower.is_in(wanted)).to_numpy()
    return _Cells(name, text, rows, is_missing, bool(is_error.any()), was_text)


def _with_words(column: Column, found: _Cells) -> Column:
    """Return the column with a note on the usual words for a missing value that it holds."""
    is_error = found.text.str.to_lowercase().is_in(list(ERRORS)).to_numpy()
    is_word = found.is_missing & ~is_error & (found.text != "").to_numpy()
    if not is_word.any() or any(note.code == "dataset.texts_as_missing" for note in column.notes):
        return column
    return replace(column, notes=(*column.notes, _odd_texts(found, is_word)))


def _errors_note(found: _Cells) -> DataWarning:
    is_error = found.text.str.to_lowercase().is_in(list(ERRORS))
    kinds = found.text.filter(is_error).unique().sort().to_list()
    params = {"column": shown(found.name), "count": int(is_error.sum()), "texts": listed(kinds, _MOST_SHOWN)}
    return DataWarning(code="dataset.spreadsheet_errors", params=params)


def _present(found: _Cells) -> pl.Series:
    return found.text.filter(pl.Series(~found.is_missing))


def _all_plain(found: _Cells) -> bool:
    return bool(np.isfinite(plain_numbers(_present(found))).all())


def _has_codes(found: _Cells) -> bool:
    """Return whether the cells are digits that are no quantity: leading zeros, or more than float64 holds."""
    present = _present(found)
    if not len(present) or not present.str.contains(r"^\d+$").all():
        return False
    has_zeros = bool(present.str.contains(r"^0\d").any())
    return has_zeros or bool((present.str.len_bytes() > 15).any())


def _time(found: _Cells) -> Column | None:
    """Return the column as times, if its cells are dates or times; plain numbers are not looked at."""
    present = _present(found)
    if not len(present):
        return None
    sample = present.head(200)
    if np.isfinite(plain_numbers(sample)).mean() > 0.5:
        times = read_compact_dates(found.text) if sample.str.contains(r"^(?:19|20)\d{6}$").all() else None
    elif read_times(sample) is None:
        return None
    else:
        times = read_times(found.text.set(pl.Series(found.is_missing), ""))
    if times is None:
        return None
    kind = ColumnKind.NUMERIC if times.kind == "duration" else ColumnKind.TIME
    column = replace(_numeric(found.name, times.values), kind=kind, read_as=times.kind)
    bad = int(np.isnan(times.values).sum()) - int(found.is_missing.sum())
    notes = [_odd_texts(found, np.isnan(times.values) & ~found.is_missing)] if bad > 0 else []
    if times.is_order_unclear:
        notes.append(DataWarning(code="dataset.day_or_month_first", params={"column": shown(found.name)}))
    examples = tuple(shown(text) for text in _first_distinct(present.head(100).to_list()))
    is_time_of_day = times.kind == "time_of_day"
    return replace(column, examples=examples, notes=tuple(notes), is_time_of_day=is_time_of_day)


def _number(found: _Cells, reading: Reading, *, is_wanted: bool) -> Column | None:
    """Return the column as numbers, or None where too many of its cells are texts."""
    numbers = plain_numbers(found.text)
    numbers[found.is_missing] = np.nan
    places = np.flatnonzero(~np.isfinite(numbers) & ~found.is_missing)
    if not places.size:
        return _numeric(found.name, numbers)
    rest = found.text.gather(places)
    num_plain = int(np.isfinite(numbers).sum())
    read = read_numbers(rest, reading.decimal, num_plain=num_plain)
    numbers[places] = read.values
    is_odd = ~read.is_number & ~rest.str.to_lowercase().is_in([*AMBIGUOUS, *MARKS]).to_numpy()
    odd = rest.filter(pl.Series(is_odd))
    count = int(np.isfinite(numbers).sum()) + int(read.is_number.sum() - np.isfinite(read.values).sum())
    is_enough = count >= NUMERIC_SHARE * (count + len(odd)) and count > 0
    is_enough |= (
        odd.n_unique() <= FEW_TEXTS and count >= NUMERIC_SHARE_WITH_FEW * (count + len(odd)) and count > 2
    )
    if not (is_enough or (is_wanted and count)):
        return None
    column = _numeric(found.name, numbers)
    notes = []
    is_text = np.zeros(len(numbers), np.bool_)
    is_text[places] = ~read.is_number
    if is_text.any():
        is_error = found.text.str.to_lowercase().is_in(list(ERRORS)).to_numpy()
        is_word = found.is_missing & ~is_error & (found.text != "").to_numpy()
        notes.append(_odd_texts(found, is_text | is_word))
    written = [code for code in read.written if code not in {"infinite", "full_width"}] or list(read.written)
    if "infinite" in read.written or np.isinf(plain_numbers(found.text)).any():
        notes.append(_infinite(found, numbers))
    if written and written[0] != "infinite":
        notes.append(_written_note(found, rest, read.values, written[0], read.unit))
    return replace(column, notes=tuple(notes), read_as=written[0] if written else None)


def _infinite(found: _Cells, numbers: Floats) -> DataWarning:
    values = plain_numbers(found.text)
    is_infinite = np.isinf(values) | (
        np.isnan(numbers) & found.text.str.contains(r"(?i)^[-+]?\s*(?:inf|∞)").to_numpy()
    )
    texts = found.text.filter(pl.Series(is_infinite)).unique().sort().to_list()
    params = {
        "column": shown(found.name),
        "count": int(is_infinite.sum()),
        "texts": listed(texts, _MOST_SHOWN),
    }
    return DataWarning(code="dataset.infinite_values", params=params)


def _written_note(found: _Cells, rest: pl.Series, values: Floats, code: str, unit: str) -> DataWarning:
    place = int(np.argmax(np.isfinite(values))) if np.isfinite(values).any() else 0
    params = {
        "column": shown(found.name),
        "text": shown(str(rest[place])),
        "value": f"{values[place]:.10g}",
        "unit": shown(unit),
    }
    return DataWarning(code=f"dataset.read_{code}", params=params)


def _odd_texts(found: _Cells, is_text: NDArray[np.bool_]) -> DataWarning:
    """Return the note on texts that were taken as missing."""
    texts = found.text.filter(pl.Series(is_text))
    counts = texts.value_counts(sort=True)
    most = [str(text) for text in counts[counts.columns[0]].head(_MOST_SHOWN + 1).to_list()]
    return DataWarning(
        code="dataset.texts_as_missing",
        params={
            "column": shown(found.name),
            "count": len(texts),
            "texts": listed(most, _MOST_SHOWN),
            "row": int(found.rows[int(np.argmax(is_text))]),
        },
    )


def _numeric(name: str, numbers: Floats) -> Column:
    present = numbers[np.isfinite(numbers)]
    values = np.where(np.isfinite(numbers), numbers, np.nan)
    return Column(
        name=name,
        kind=ColumnKind.NUMERIC,
        num_missing=int(len(numbers) - len(present)),
        num_distinct=len(np.unique(present)),
        num_rows=len(numbers),
        examples=tuple(f"{value:g}" for value in _first_distinct(present[:100].tolist())),
        numbers=values,
    )


def _categorical(found: _Cells, reading: Reading) -> Column:
    """Return the column as categories; frequent words for "none" are a level unless its owner says no."""
    keep = {each.strip().casefold() for each in reading.missing}
    levels: Levels = levels_of(found.text, found.is_missing, AMBIGUOUS - keep)
    first = np.flatnonzero(~found.is_missing)
    cell = TextCell(found.rows[int(first[0])], str(found.text[int(first[0])])) if first.size else None
    notes = []
    if levels.num_merged:
        params = {
            "column": shown(found.name),
            "count": levels.num_merged,
            "texts": listed(list(levels.merged), 4),
        }
        notes.append(DataWarning(code="dataset.levels_merged", params=params))
    if levels.ambiguous:
        params = {"column": shown(found.name), "texts": listed(list(levels.ambiguous), 4)}
        notes.append(DataWarning(code="dataset.none_is_level", params=params))
    return Column(
        name=found.name,
        kind=ColumnKind.CATEGORICAL,
        num_missing=levels.num_missing,
        num_distinct=levels.num_distinct,
        num_rows=len(found.text),
        examples=tuple(shown(text) for text in _first_distinct(_present(found).head(100).to_list())),
        codes=levels.codes,
        levels=levels.names,
        first_text=cell,
        notes=tuple(notes),
    )


def _first_distinct(values: list[Any], most: int = 3) -> list[Any]:
    return list(dict.fromkeys(values))[:most]
