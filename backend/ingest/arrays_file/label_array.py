"""An array of labels as a column: numbers, texts, one-hot rows, with or without a second axis."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.arrays import Array
from muscope.backend.domain.spec.dataset import ColumnKind, DataWarning
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.table.columns import Column, number_column
from muscope.backend.ingest.table.labels import MAX_CLASSES
from muscope.backend.ingest.wording import is_number, shown

_LAST_CHARACTER, _SURROGATES = 0x10FFFF, (0xD800, 0xDFFF)
_LARGEST_EXACT = 2**53
_CODE = re.compile(r"[+-]?0\d")  # leading zeros: a code, which is no number
_ENCODINGS = ("utf-8", "cp932")


class LabelArray(NamedTuple):
    """Labels as a column of a table, and what was done to them."""

    column: Column
    notes: tuple[DataWarning, ...] = ()


def read_labels(name: str, values: Array) -> LabelArray:
    """Return one label per row of `values` [n], [n, 1] or one-hot [n, k]; raises InvalidInput for others."""
    form = "×".join(map(str, values.shape)) or "–"
    if values.ndim > 1 and values.size == len(values):
        values = values.reshape(-1)
    if values.ndim == 2 and values.dtype.kind in "buif":
        codes = _one_hot_codes(values)
        if codes is not None:
            note = DataWarning(
                code="dataset.one_hot_labels", params={"name": shown(name), "count": values.shape[1]}
            )
            return LabelArray(number_column(name, codes), (note,))
    if values.ndim != 1:
        raise InvalidInput("dataset.image_label_shape", name=shown(name), given=form)
    if values.dtype.kind in "SU":
        _refuse_no_characters(name, values)
        return LabelArray(_text_column(name, values))
    if _is_beyond_floats(values):
        return LabelArray(_text_column(name, values.astype(np.str_), may_be_numbers=False))
    numbers = values.astype(np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    return LabelArray(number_column(name, numbers))


def _refuse_no_characters(name: str, values: Array) -> None:
    """Raise where numbers stand for no character, of which Python makes strings that break later."""
    if values.dtype.kind == "U" and values.size:
        points = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("=")).view(np.uint32)
        if ((points > _LAST_CHARACTER) | ((points >= _SURROGATES[0]) & (points <= _SURROGATES[1]))).any():
            raise InvalidInput("dataset.npz_damaged", name=shown(name))


def _one_hot_codes(values: Array) -> NDArray[np.int64] | None:
    """Return the place of the only 1 of each row, or None where a row is not one 1 among zeros."""
    if values.shape[1] > MAX_CLASSES:
        return None
    is_one = values == 1
    is_one_hot = (is_one | (values == 0)).all() and (is_one.sum(axis=1) == 1).all()
    return is_one.argmax(axis=1) if is_one_hot else None


def _is_beyond_floats(values: NDArray[Any]) -> bool:
    """Say whether there are whole numbers that would be merged with their neighbours."""
    is_whole = values.dtype.kind in "iu" and values.size > 0
    return is_whole and max(abs(int(values.min())), abs(int(values.max()))) > _LARGEST_EXACT


def _text_column(name: str, values: Array, *, may_be_numbers: bool = True) -> Column:
    """Return texts as numbers where all of them are, else as categories; an empty one is missing."""
    distinct, codes = np.unique(values, return_inverse=True)
    texts = [_text(value).strip() for value in distinct.tolist()]
    levels = sorted({text for text in texts if text})
    numbers = _numbers(levels) if may_be_numbers else None
    if numbers is not None:
        by_level = dict(zip(levels, numbers, strict=True)) | {"": np.nan}
        return number_column(name, np.array([by_level[text] for text in texts])[codes])
    by_level_code = {text: code for code, text in enumerate(levels)} | {"": -1}
    place = np.array([by_level_code[text] for text in texts], np.int32)[codes]
    return Column(
        name=name,
        kind=ColumnKind.CATEGORICAL,
        num_missing=int(np.count_nonzero(place < 0)),
        num_distinct=len(levels),
        examples=tuple(shown(text) for text in levels[:3]),
        codes=place if len(levels) <= MAX_CLASSES else None,
        levels=tuple(levels) if len(levels) <= MAX_CLASSES else (),
    )


def _numbers(levels: list[str]) -> list[float] | None:
    try:
        numbers = [float(text) for text in levels]
    except ValueError:
        return None
    is_plain = all(is_number(text) and not _CODE.match(text) for text in levels)
    return numbers if numbers and is_plain else None


def _text(value: str | bytes) -> str:
    if isinstance(value, str):
        return value
    for encoding in _ENCODINGS:
        try:
            return value.decode(encoding)
        except UnicodeDecodeError:
            continue
    return value.decode("latin-1")
