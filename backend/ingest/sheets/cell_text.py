"""Values of a typed cell as the text a user would type for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from muscope.backend.ingest.wording import number_text


def cell_text(value: object) -> str:
    """Return the text of a cell's value: ISO dates, plain numbers, durations as hours:minutes:seconds."""
    return _TEXTS.get(type(value), str)(value)


def truth_text(value: bool) -> str:
    """Return a truth value as a spreadsheet writes it."""
    return "TRUE" if value else "FALSE"


def moment_text(value: datetime) -> str:
    """Return a date, with its time unless that is midnight."""
    is_day = value.time() == time()
    return value.date().isoformat() if is_day else value.replace(tzinfo=None).isoformat(sep=" ")


def duration_text(value: timedelta) -> str:
    """Return hours:minutes:seconds; hours may be more than a day's, seconds have decimals where they need."""
    sign = "-" if value < timedelta() else ""
    hours, rest = divmod(abs(value), timedelta(hours=1))
    minutes, rest = divmod(rest, timedelta(minutes=1))
    decimals = f".{rest.microseconds:06d}".rstrip("0") if rest.microseconds else ""
    return f"{sign}{hours}:{minutes:02d}:{rest.seconds:02d}{decimals}"


_TEXTS: dict[type, Callable[[Any], str]] = {
    str: str,
    float: number_text,
    int: str,
    bool: truth_text,
    datetime: moment_text,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: duration_text,
}
