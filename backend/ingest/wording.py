"""Formats cells of a file for messages: short, on one line, without control characters."""

from __future__ import annotations

import math

_MAX_SHOWN = 60


def shown(value: str) -> str:
    """Return `value` fit for a sentence: at most 60 characters, none that would move or hide text."""
    clean = "".join(c if c.isprintable() else "�" for c in value[: _MAX_SHOWN + 1])
    return clean if len(clean) <= _MAX_SHOWN else clean[: _MAX_SHOWN - 1] + "…"


def listed(values: list[str], most: int) -> str:
    """Return the first `most` values joined by commas, and an ellipsis where there are more."""
    return ", ".join(shown(value) for value in values[:most]) + (", …" if len(values) > most else "")


def delimiter_name(delimiter: str) -> str:
    """Return how the user types the delimiter."""
    return {"\t": r"\t", " ": "space"}.get(delimiter, delimiter)


def number_text(value: float) -> str:
    """Return a number as a user would write it: whole numbers without a decimal point."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def is_number(text: str) -> bool:
    """Say whether `text` is a finite decimal number in plain ASCII digits."""
    try:
        return text.isascii() and "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False
