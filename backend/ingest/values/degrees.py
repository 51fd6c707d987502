"""Reads coordinates in degrees, minutes and seconds as decimal degrees."""

from __future__ import annotations

import polars as pl

# After NFKC, which makes one mark for seconds two for minutes.
_MINUTE, _SECOND = r"['’′分]", r"(?:\"|”|''|’’|′′|秒)"
_PATTERN = (
    r"^\s*(?P<before>[NSEWnsew]|[北南]緯|[東西]経)?\s*(?P<sign>[-+])?(?P<degrees>\d{1,3})\s*[°度]\s*"
    rf"(?P<minutes>[0-5]?\d(?:\.\d+)?)\s*{_MINUTE}\s*(?:(?P<seconds>[0-5]?\d(?:\.\d+)?)\s*{_SECOND})?\s*"
    r"(?P<behind>[NSEWnsew])?\s*$"
)
_NEGATIVE = ["S", "W", "南緯", "西経"]


def decimal_degrees(cells: pl.Series) -> pl.Series:
    """Return cells such as 35°41′22″N as degrees, south and west negative; null where a cell is none."""
    parts = cells.str.extract_groups(_PATTERN).struct.unnest()
    size = pl.Series([0.0] * len(cells), dtype=pl.Float64)
    for name, factor in (("degrees", 1.0), ("minutes", 60.0), ("seconds", 3600.0)):
        number = parts[name].cast(pl.Float64, strict=False)
        size = size + (number.fill_null(0.0) if name == "seconds" else number) / factor
    sides = (
        parts[name].str.to_uppercase().is_in(_NEGATIVE).fill_null(value=False)
        for name in ("before", "behind")
    )
    is_negative = (parts["sign"] == "-").fill_null(value=False)
    for side in sides:
        is_negative = is_negative | side
    return (-size).zip_with(is_negative, size)
