"""Formats cells of a file for messages: short, on one line, without control characters."""

from __future__ import annotations

import math
import unicodedata
from decimal import Decimal

_EXACT = 1e15
_LONGEST = 1e21  # beyond, a row of digits says less than an exponent
_MAX_SHOWN = 60


def shown(value: str) -> str:
    """Return `value` fit for a sentence: at most 60 characters, none that would move or hide text."""
    clean = "".join(_shown_sign(sign) for sign in value[: _MAX_SHOWN + 1])
    return clean if len(clean) <= _MAX_SHOWN else clean[: _MAX_SHOWN - 1] + "…"


def _shown_sign(sign: str) -> str:
    """Return a sign, a plain blank for one of another width, and a mark for what moves or hides text."""
    if sign.isprintable():
        return sign
    return " " if unicodedata.category(sign) == "Zs" else "�"


def listed(values: list[str], most: int) -> str:
    """Return the first `most` values joined by commas, and an ellipsis where there are more."""
    return ", ".join(shown(value) for value in values[:most]) + (", …" if len(values) > most else "")


def delimiter_name(delimiter: str) -> str:
    """Return how the user types the delimiter."""
    return {"\t": r"\t", " ": "space"}.get(delimiter, delimiter)


def number_text(value: float) -> str:
    """Return a number as a user would write it, to the last digit: whole ones without point and exponent."""
    if not value.is_integer() or abs(value) >= _LONGEST:
        return repr(value)
    # From 2^53 on, zeros stand where a double holds nothing of what was typed.
    return str(int(value)) if abs(value) < _EXACT else f"{Decimal(repr(value)).quantize(Decimal(1)):f}"


def is_number(text: str) -> bool:
    """Say whether `text` is a finite decimal number in plain ASCII digits."""
    try:
        return text.isascii() and "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False
