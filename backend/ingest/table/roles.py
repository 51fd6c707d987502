"""Finds columns that are no features: row numbers, identifiers, free text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from muscope.backend.domain.spec.dataset import ColumnKind
from muscope.backend.ingest.table.columns import Column

# Fewer rows than this may all differ by chance.
_LEAST_ROWS = 10
_ID_NAME = re.compile(
    r"(?:.*[_\s.-])?(?:id|uuid|guid|key|index|idx|no|nr|num|number|seq|serial)\.?|.*[a-z]I[Dd]|#|№|.*(?:番号|連番|通番|通し|ＩＤ|コード)$",
    re.IGNORECASE,
)
_WORDS_OF_A_SENTENCE = 4
_CHARACTERS_OF_A_SENTENCE = 25


def with_role(column: Column) -> Column:
    """Return the column, with the reason to leave it out if it is no feature; what its owner said stays."""
    if column.use is not None or column.left_out is not None:
        return column
    return replace(column, left_out=_reason(column))


def _reason(column: Column) -> str | None:
    num_present = column.num_rows - column.num_missing
    if column.num_distinct == 0:
        return "empty"
    if num_present < _LEAST_ROWS or column.kind is ColumnKind.TIME:
        return None
    is_all_different = column.num_distinct == num_present
    if column.numbers is not None:
        return _reason_of_numbers(column) if is_all_different else None
    if is_all_different:
        return "free_text" if _is_free_text(column.examples) else "identifier"
    if column.codes is None or column.num_distinct > num_present / 2:
        return "free_text" if _is_free_text(column.examples) else None
    return None


def _reason_of_numbers(column: Column) -> str | None:
    """Return the reason for whole numbers that all differ under the name of an identifier."""
    assert column.numbers is not None
    values = column.numbers[np.isfinite(column.numbers)]
    if (values != np.trunc(values)).any():
        return None
    is_named_so = _ID_NAME.fullmatch(column.name.strip()) is not None
    is_counting = bool(values.max() - values.min() == len(values) - 1)
    if not is_named_so:
        return None
    return "row_number" if is_counting else "identifier"


def _is_free_text(examples: Sequence[str]) -> bool:
    return any(
        len(text.split()) >= _WORDS_OF_A_SENTENCE or len(text) > _CHARACTERS_OF_A_SENTENCE
        for text in examples
    )
