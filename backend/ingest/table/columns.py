"""Finds the kind of a column, numbers, categories or times, and its values; what is dropped is said."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import ColumnKind, ColumnUse, DataWarning, Decision
from muscope.backend.ingest.manifest import DateOrder
from muscope.backend.ingest.table.cells import (
    Cells,
    cleaned,
    errors_note,
    is_code_name,
    is_hexadecimal,
    texts_as_missing,
)
from muscope.backend.ingest.table.levels import Levels, levels_of
from muscope.backend.ingest.values.missing import AMBIGUOUS, MARKS
from muscope.backend.ingest.values.numbers import Decimal, Floats, Numbers, plain_numbers, read_numbers
from muscope.backend.ingest.values.several_answers import several_answers_note
from muscope.backend.ingest.values.times import is_time_name, read_compact_dates, read_digits, read_times
from muscope.backend.ingest.wording import listed, number_text, shown

# From this share of numbers on, a text among them is taken for a missing value, and said.
NUMERIC_SHARE = 0.9
# Fewer numbers do where the other cells are the same few texts.
FEW_TEXTS, NUMERIC_SHARE_WITH_FEW = 3, 0.5
_MOST_SHOWN = 5
_PERCENT_GAP = 10.0

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
    dates: DateOrder | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """One column as values: NaN is missing in `numbers`, -1 is missing in `codes`; one of the two is used.

    Times are seconds since 1970, or of the day. `is_order_unclear`: day and month may be exchanged.
    `left_out`: reason why it is no feature; None if it is one.
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
    is_order_unclear: bool = False

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        """Return which rows have no value; empty for a text column with too many levels."""
        if self.numbers is not None:
            return np.isnan(self.numbers)
        return np.empty(0, np.bool_) if self.codes is None else self.codes < 0


def read_column(
    name: str, cells: pl.Series, rows: array[int], reading: Reading, numbers: Floats | None = None
) -> Column:
    """Return the values of a column, as the use its owner gave or as its cells suggest.

    Args:
        numbers: its plain numbers (`plain_numbers`), if they are known already.
    """
    use = reading.uses.get(name)
    if use is None and name != reading.label and not reading.missing:
        plain = plain_numbers(cells) if numbers is None else numbers
        quantity = None if is_time_name(name) or is_code_name(name) else _plain_quantity(cells, plain)
        if quantity is not None:
            return _numeric(name, quantity)
    found = cleaned(name, cells, rows, reading.missing)
    if use is ColumnUse.LEAVE_OUT:
        column = _categorical(found, reading)
        return replace(column, left_out="by_owner", use=use)
    column = _with_words(_read_as(found, reading, use), found)
    if found.num_hidden:
        params = {"column": shown(name), "count": found.num_hidden}
        hidden = DataWarning(code="dataset.hidden_signs", params=params)
        column = replace(column, notes=(*column.notes, hidden))
    if found.is_error.any():
        column = replace(column, notes=(*column.notes, errors_note(found)))
    if use is not None or name == reading.label:
        return replace(column, use=use)
    return column


def _with_words(column: Column, found: Cells) -> Column:
    """Return the column with a note on the usual words for a missing value that it holds."""
    is_word = found.is_word
    if not is_word.any() or any(note.code == "dataset.texts_as_missing" for note in column.notes):
        return column
    return replace(column, notes=(*column.notes, texts_as_missing(found, is_word)))


def _plain_quantity(cells: pl.Series, numbers: Floats) -> Floats | None:
    """Return the numbers of a column that holds nothing else and no codes, the usual case; else None."""
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


def _read_as(found: Cells, reading: Reading, use: ColumnUse | None) -> Column:
    is_class_label = found.name == reading.label and reading.is_class
    if use is ColumnUse.CATEGORY or (is_class_label and found.has_codes):
        return _categorical(found, reading)
    if use is ColumnUse.TIME or (use is None and not found.was_text):
        time = _time(found, reading.dates)
        if time is not None:
            return time
    if use is None and (found.has_codes or is_hexadecimal(found.present)):
        return replace(_categorical(found, reading), read_as="codes")
    number = (
        None
        if is_class_label and not _all_plain(found)
        else _number(found, reading, is_wanted=use is ColumnUse.NUMBER)
    )
    return _categorical(found, reading) if number is None else number


def _all_plain(found: Cells) -> bool:
    return bool(np.isfinite(plain_numbers(found.present)).all())


def _time(found: Cells, order: DateOrder | None) -> Column | None:
    """Return the column as times, if its cells are dates or times; plain numbers are not looked at."""
    present = found.present
    if not len(present):
        return None
    sample = present.head(200)
    if np.isfinite(plain_numbers(sample)).mean() > 0.5:
        is_date = sample.str.contains(r"^(?:19|20)\d{6}$").all()
        times = read_compact_dates(found.text) if is_date else read_digits(found.text, found.name)
    elif read_times(sample) is None:
        return None
    else:
        times = read_times(found.text.set(pl.Series(found.is_missing), ""), order)
    if times is None:
        return None
    kind = ColumnKind.NUMERIC if times.kind == "duration" else ColumnKind.TIME
    column = replace(_numeric(found.name, times.values), kind=kind, read_as=times.kind)
    bad = int(np.isnan(times.values).sum()) - int(found.is_missing.sum())
    notes = [texts_as_missing(found, np.isnan(times.values) & ~found.is_missing)] if bad > 0 else []
    examples = tuple(_one_line(text) for text in _first_distinct(present.head(100).to_list()))
    return replace(
        column,
        examples=examples,
        notes=tuple(notes),
        is_time_of_day=times.kind == "time_of_day",
        is_order_unclear=times.is_order_unclear,
    )


def _number(found: Cells, reading: Reading, *, is_wanted: bool) -> Column | None:
    """Return the column as numbers, or None where too many of its cells are texts."""
    numbers = plain_numbers(found.text)
    numbers[found.is_missing] = np.nan
    places = np.flatnonzero(~np.isfinite(numbers) & ~found.is_missing)
    if not places.size:
        return _numeric(found.name, numbers)
    rest = found.text.gather(places)
    num_plain = int(np.isfinite(numbers).sum())
    read = read_numbers(rest, reading.decimal, num_plain=num_plain)
    read = _as_percentages(numbers, read)
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
        notes.append(texts_as_missing(found, is_text | found.is_word))
    written = [code for code in read.written if code not in {"infinite", "full_width"}] or list(read.written)
    if "infinite" in read.written or np.isinf(plain_numbers(found.text)).any():
        notes.append(_infinite(found, numbers))
    if written and written[0] != "infinite":
        notes.append(_written_note(found, rest, read, written[0]))
    return replace(column, notes=tuple(notes), read_as=written[0] if written else None)


def _as_percentages(plain: Floats, read: Numbers) -> Numbers:
    """Return percentages as they stand where the sign was left out in the other cells."""
    percent = np.abs(read.values[read.is_written["percent"]]) if "percent" in read.written else np.empty(0)
    percent = percent[np.isfinite(percent)]  # "-%" has the sign and no number
    known = np.abs(plain[np.isfinite(plain)])
    if not known.size or not percent.size or np.median(known) <= _PERCENT_GAP * np.median(percent):
        return read
    factors = np.where(read.is_written["percent"], 100.0, 1.0)
    written = tuple("unit" if code == "percent" else code for code in read.written)
    is_written = {**read.is_written, "unit": read.is_written["percent"]}
    return replace(read, values=read.values * factors, written=written, unit="%", is_written=is_written)


def _infinite(found: Cells, numbers: Floats) -> DataWarning:
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


def _written_note(found: Cells, rest: pl.Series, read: Numbers, code: str) -> DataWarning:
    values, unit = read.values, read.unit
    place = int(np.argmax(read.is_written[code] & np.isfinite(values)))
    params = {
        "column": shown(found.name),
        "text": shown(str(rest[place])),
        "value": f"{values[place]:.10g}",
        "unit": shown(unit),
    }
    return DataWarning(code=f"dataset.read_{code}", params=params)


def _numeric(name: str, numbers: Floats) -> Column:
    present = numbers[np.isfinite(numbers)]
    values = np.where(np.isfinite(numbers), numbers, np.nan)
    return Column(
        name=name,
        kind=ColumnKind.NUMERIC,
        num_missing=int(len(numbers) - len(present)),
        num_distinct=pl.Series(present).n_unique(),
        num_rows=len(numbers),
        examples=tuple(_example(value) for value in _first_distinct(present[:100].tolist())),
        numbers=values,
    )


def _categorical(found: Cells, reading: Reading) -> Column:
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
    several = several_answers_note(found.name, levels.names)
    if several is not None:
        notes.append(several)
    if levels.ambiguous:
        params = {"column": shown(found.name), "texts": listed(list(levels.ambiguous), 4)}
        notes.append(DataWarning(code="dataset.none_is_level", params=params))
    return Column(
        name=found.name,
        kind=ColumnKind.CATEGORICAL,
        num_missing=levels.num_missing,
        num_distinct=levels.num_distinct,
        num_rows=len(found.text),
        examples=tuple(_one_line(text) for text in _first_distinct(found.present.head(100).to_list())),
        codes=levels.codes,
        levels=levels.names,
        first_text=cell,
        notes=tuple(notes),
    )


def _example(value: float) -> str:
    """Return a number with six digits; a whole one in full, since codes differ in their last digits."""
    return number_text(value) if value.is_integer() else f"{value:g}"


def _one_line(text: str) -> str:
    return shown(" ".join(text.split()))


def _first_distinct(values: list[Any], most: int = 3) -> list[Any]:
    return list(dict.fromkeys(values))[:most]
