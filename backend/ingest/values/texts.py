"""Recognises texts that people mean as a number, a date or a time, one cell at a time."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"-?\d+(?:\.\d+)?")  # the usual case, told at once
_NUMBER = re.compile(
    r"['\s(]*[<>≤≥＜＞≦≧]?=?\s*[-+−–▲△]?\s*[¥￥$€£₩]?\s*[-+−]?(?:\d|[０-９]|\.\d|,\d)"
    r"[\d０-９.,'’\u00a0\u202f ]*(?:[eE][-+]?\d+)?"
    r"\s*(?:[%％‰円元]|kg|g|mg|mm|cm|km|m|℃|°C|kPa|MPa|Pa|V|A|W|Hz|s|ms|h|min|L|ml)?[)\-]?"
)
_DATE = re.compile(
    r"(?:明治|大正|昭和|平成|令和|[MTSHR])?\s*(?:\d{1,4}|元)\s*[-/.年]\s*\d{1,2}\s*(?:[-/.月]\s*\d{1,4}\s*日?)?"
    r"(?:[ T]+\d{1,2}[:時]\d{2}.*)?"
)
_TIME = re.compile(r"\d{1,4}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[AaPp][Mm])?|\d{1,2}時(?:\d{1,2}分)?")
_SURE_DATE = re.compile(
    r"(?:19|20)\d\d\s*[-/年]\s*\d{1,2}月?(?:\s*[-/]?\s*\d{1,2}日?)?|\d{1,2}[-/]\d{1,2}[-/](?:19|20)?\d\d"
    r"|(?:昭和|平成|令和|[SHR])\s*\d{1,2}[-/.年]\d{1,2}月?(?:[-/.]?\d{1,2}日?)?"
)
_BOOLEAN = frozenset(("true", "false"))


def looks_dated(cell: str) -> bool:
    """Return whether a cell is written like a date or a month, and not like a number."""
    return _SURE_DATE.fullmatch(cell.strip()) is not None


def looks_typed(cell: str) -> bool:
    """Return whether a cell is written like a number, a date, a time or a truth value."""
    text = cell.strip()
    return bool(
        _PLAIN.fullmatch(text)
        or _NUMBER.fullmatch(text)
        or _DATE.fullmatch(text)
        or _TIME.fullmatch(text)
        or text.casefold() in _BOOLEAN
    )
