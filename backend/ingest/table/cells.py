"""Cells of a column as text: without what hides around them, and which of them are surely missing."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.ingest.values.missing import ERRORS, MISSING
from muscope.backend.ingest.wording import listed, shown

_HIDDEN = "[\u200b\u200c\u200d\u2060\ufeff\u00ad]"
_TEXT_CELL = r"""^(?:'(.*)|="(.*)")$"""
_CODE_NAME = re.compile(
    r"(?:コード|ｺｰﾄﾞ|区分|品番|型番|郵便番号|電話番号)$|^JAN$|(?:^|[\W_])(?i:code|cd|zip|zipcode|postcode|sku|ean|jan|isbn)$"
    r"|[a-z](?:Code|Cd)$"
)
_MOST_SHOWN = 5
_HEXADECIMAL, _LOOKED_AT = "^(?:0[xX][0-9a-fA-F]+|[0-9a-fA-F]{4,})$", 200
# An e alone is the exponent of a number.
_HAS_LETTER, _HAS_DIGIT = "[a-dfxA-DFX]", "[0-9]"


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one column.

    Attributes:
        text: without blanks around.
        rows: of the file, where a spreadsheet shows each cell.
        is_missing: empty, a usual word for a missing value, one its owner named, or an error.
        is_error: an error of a spreadsheet such as `#DIV/0!`.
        num_hidden: cells with signs that cannot be seen, which are gone.
        was_text: a spreadsheet was told to take them as text, so that they are no dates.
    """

    name: str
    text: pl.Series
    rows: array[int]
    is_missing: NDArray[np.bool_]
    is_error: NDArray[np.bool_]
    was_text: bool = False
    num_hidden: int = 0

    @property
    def present(self) -> pl.Series:
        """Return the cells that are not missing."""
        return self.text.filter(pl.Series(~self.is_missing))

    @property
    def is_word(self) -> NDArray[np.bool_]:
        """Return which cells hold a word that means missing."""
        words: NDArray[np.bool_] = self.is_missing & ~self.is_error & (self.text != "").to_numpy()
        return words

    @property
    def has_codes(self) -> bool:
        """Return whether the cells are digits but no quantity: leading zeros, too many, or so named."""
        present = self.present
        if not len(present) or not present.str.contains(r"^\d+$").all():
            return False
        if is_code_name(self.name):
            return True
        has_zeros = bool(present.str.contains(r"^0\d").any())
        return has_zeros or bool((present.str.len_bytes() > 15).any())


def is_code_name(name: str) -> bool:
    """Return whether a name says that whole numbers below it are codes."""
    return _CODE_NAME.search(name.strip()) is not None


def is_hexadecimal(present: pl.Series) -> bool:
    """Return whether cells are hexadecimal codes of one length, some of which may read as numbers (12e4)."""
    for cells in (present.head(_LOOKED_AT), present):  # most columns are told by their first cells
        if not len(cells) or not cells.str.contains(_HEXADECIMAL).all():
            return False
    is_one_length = present.str.len_bytes().n_unique() == 1
    return is_one_length and all(bool(present.str.contains(part).any()) for part in (_HAS_LETTER, _HAS_DIGIT))


def cleaned(name: str, cells: pl.Series, rows: array[int], missing: Collection[str]) -> Cells:
    """Return the cells of a column; `missing` are further texts that mean missing."""
    text = cells.str.strip_chars()
    num_hidden = int(text.str.contains(_HIDDEN).sum())
    if num_hidden:
        text = text.str.replace_all(_HIDDEN, "").str.strip_chars()
    was_text = False
    if text.str.contains(_TEXT_CELL).sum() > 0.5 * max(1, int((text != "").sum())):
        text, was_text = text.str.replace(_TEXT_CELL, "$1$2"), True
    lower = text.str.to_lowercase()
    wanted = [each.strip().casefold() for each in missing]
    is_error = lower.is_in(list(ERRORS))
    is_missing = lower.is_in(list(MISSING)) | is_error | lower.is_in(wanted)
    return Cells(name, text, rows, is_missing.to_numpy(), is_error.to_numpy(), was_text, num_hidden)


def errors_note(found: Cells) -> DataWarning:
    """Return the note on the errors of a spreadsheet among the cells."""
    texts = found.text.filter(pl.Series(found.is_error))
    kinds = texts.unique().sort().to_list()
    params = {"column": shown(found.name), "count": len(texts), "texts": listed(kinds, _MOST_SHOWN)}
    return DataWarning(code="dataset.spreadsheet_errors", params=params)


def texts_as_missing(found: Cells, is_text: NDArray[np.bool_]) -> DataWarning:
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
