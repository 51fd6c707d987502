"""Reads dates, times and durations, ISO, Japanese with eras, European and American, a column at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from muscope.backend.ingest.manifest import DateOrder

Floats = NDArray[np.float64]
TimeKind = Literal["date", "datetime", "time_of_day", "duration"]

# Share of the present cells that must be dates.
ENOUGH = 0.9
# Fewer do where the other cells are the same few texts, such as "not yet".
FEW_TEXTS, ENOUGH_WITH_FEW = 3, 0.5
_NUM_MONTHS = 12
# Changes of the date that tell whether rows are sorted by it.
_LEAST_STEPS = 5
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_LETTERS = {"M": "明治", "T": "大正", "S": "昭和", "H": "平成", "R": "令和"}
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_CLOCK = (
    r"(?:[ ,]+(?<h>\d{1,2}):(?<mi>\d{1,2})(?::(?<s>\d{1,2})(?:[.,]\d+)?)?\s*(?<half>[ap]m)?)?"
    r"(?:z|[+-]\d{2}:?\d{2})?$"
)
_YEAR_FIRST = rf"^(?<y>\d{{4}})-(?<m>\d{{1,2}})(?:-(?<d>\d{{1,2}}))?-?{_CLOCK}"
_YEAR_LAST = rf"^(?<a>\d{{1,2}})-(?<b>\d{{1,2}})-(?<y>\d{{4}}|\d{{2}}){_CLOCK}"
_TIME_ALONE = r"^(?<h>\d{1,4}):(?<mi>\d{2})(?::(?<s>\d{2})(?:[.,]\d+)?)?\s*(?<half>[ap]m)?$"
_COMPACT_MONTH = r"^(?<y>(?:19|20)\d{2})(?<m>0[1-9]|1[0-2])(?<d>)$"
_COMPACT_CLOCK = r"^(?<h>[01]\d|2[0-3])(?<mi>[0-5]\d)(?<s>[0-5]\d)$"
_MONTH_NAME = re.compile(r"年月|yyyymm|(?i:^month$|^ym$|[_ ]month$|period)")
_TIME_NAME = re.compile(r"時刻|日時|時間$|(?i:(?:^|[\W_]|date)time$|timestamp|(?:^|[\W_])ts$|epoch|unix)")
_UNIX_FIRST, _UNIX_END = 946_684_800, 2_208_988_800  # the years 2000 to 2039
_COMPACT = r"^(?<y>(?:19|20)\d{2})(?<m>0[1-9]|1[0-2])(?<d>0[1-9]|[12]\d|3[01])$"


@dataclass(frozen=True, slots=True)
class Times:
    """Times of N cells: seconds since 1970 (dates) or of the day, or hours of a duration; NaN elsewhere.

    `is_order_unclear`: day and month could be the other way round in every cell.
    """

    values: Floats
    kind: TimeKind
    is_order_unclear: bool = False


def read_times(cells: pl.Series, order: DateOrder | None = None) -> Times | None:
    """Return the column as times, or None where too few of its cells are; empty cells do not count.

    Args:
        order: of day and month where the year comes last; None reads it from the column.
    """
    present = int((cells != "").sum())
    if not present:
        return None
    text = _normalised(cells)
    for found in (_year_first(text), _year_last(text, order), _alone(text)):
        if found is not None and _is_enough(found.values, cells, present):
            return found
    return None


def _is_enough(values: Floats, cells: pl.Series, present: int) -> bool:
    """Return whether nearly all cells are times, or half of them beside the same few texts."""
    count = int(np.isfinite(values).sum())
    if count >= ENOUGH * present:
        return True
    others = cells.filter(pl.Series(np.isnan(values)) & (cells != ""))
    return count >= ENOUGH_WITH_FEW * present and others.n_unique() <= FEW_TEXTS < count


def read_compact_dates(cells: pl.Series) -> Times | None:
    """Return a column of eight digits as dates, if nearly all are dates of this or the last century."""
    return _compact(_date(cells, _COMPACT), cells, "date")


def read_digits(cells: pl.Series, name: str) -> Times | None:
    """Return digits as the times that the name of their column says: months, clock times, or Unix seconds."""
    if _MONTH_NAME.search(name):
        return _compact(_date(cells, _COMPACT_MONTH), cells, "date")
    if not _TIME_NAME.search(name):
        return None
    parts = _parts(cells, _COMPACT_CLOCK)
    clock = _compact(parts["h"] * 3600 + parts["mi"] * 60 + parts["s"], cells, "time_of_day")
    if clock is not None:
        return clock
    seconds = cells.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    for unit in (1.0, 1e3, 1e6, 1e9):
        moments = np.where(
            (seconds >= _UNIX_FIRST * unit) & (seconds < _UNIX_END * unit), seconds / unit, np.nan
        )
        if (found := _compact(moments, cells, "datetime")) is not None:
            return found
    return None


def is_time_name(name: str) -> bool:
    """Return whether digits below a name may be times."""
    return bool(_MONTH_NAME.search(name) or _TIME_NAME.search(name))


def _compact(values: Floats, cells: pl.Series, kind: TimeKind) -> Times | None:
    """Return digits as times if nearly all are some, and not only one or two."""
    present = int((cells != "").sum())
    is_enough = bool(present) and np.isfinite(values).sum() >= 0.98 * present
    return Times(values, kind) if is_enough and len(np.unique(values[np.isfinite(values)])) > 2 else None


def _normalised(cells: pl.Series) -> pl.Series:
    """Return cells with one sign between the parts of a date, years of the common era, and no weekday."""
    text = cells.str.normalize("NFKC").str.replace_all(r"\s*[\((][月火水木金土日][\))]\s*", " ")
    for letter, era in _ERA_LETTERS.items():
        text = text.str.replace(rf"^{letter}\.?(\d{{1,2}}[-/.年])", f"{era}$1")
    for era, before in _ERAS.items():
        is_era = text.str.starts_with(era)
        if is_era.any():
            year = (
                text.str.replace(f"{era}元", f"{era}1")
                .str.extract(rf"^{era}\s*(\d{{1,2}})", 1)
                .cast(pl.Int64)
            )
            rest = text.str.replace(rf"^{era}\s*(?:\d{{1,2}}|元)", "")
            text = ((year + before).cast(pl.String) + rest).zip_with(is_era, text)
    # A quarter is told by its first month.
    for number in range(1, 5):
        quarter = rf"^(?:FY)?\s*(\d{{4}})\s*(?:年度?)?[- /]?\s*(?:Q{number}|第{number}四半期|{number}Q)$"
        text = text.str.replace(quarter, f"$1-{3 * number - 2}")
    text = text.str.replace(r"^(\d{4})年度$", "$1-4")
    text = text.str.to_lowercase().str.replace_all(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+", "")
    for number, month in enumerate(_MONTHS, start=1):
        text = text.str.replace(
            rf"^(\d{{1,2}})[- ]{month}[a-z]*\.?,?[- ](\d{{4}}|\d{{2}})", f"$2-{number}-$1"
        )
        text = text.str.replace(rf"^{month}[a-z]*\.?[- ](\d{{1,2}}),?[- ](\d{{4}})", f"$2-{number}-$1")
    for half, sign in (("午前", "am"), ("午後", "pm")):
        text = text.str.replace(rf"{half}\s*(\d{{1,2}}(?:時|:)(?:\d{{1,2}}分?)?)$", rf"${{1}} {sign}")
        text = text.str.replace(rf"(\d)時 {sign}$", rf"${{1}}:00 {sign}").str.replace(
            rf"分 {sign}$", f" {sign}"
        )
    text = text.str.replace(r"(\d{1,2})時(\d{1,2})分?", "$1:$2").str.replace(r"(\d{1,2})時$", "$1:00")
    text = text.str.replace_all(r"(\d)t(\d)", "$1 $2").str.replace(r"日\s*", " ").str.strip_chars()
    # Twice, and only before the clock: parts of one digit share it, and seconds have decimals.
    for _ in range(2):
        text = text.str.replace(r"^([\d-]*\d)\s*[年月/.]\s*", "$1-")
    return text.str.strip_chars("- ")


def _year_first(text: pl.Series) -> Times | None:
    values = _date(text, _YEAR_FIRST)
    return _as_times(values)


def _year_last(text: pl.Series, given: DateOrder | None) -> Times | None:
    parts = _parts(text, _YEAR_LAST)
    years = np.where(parts["y"] < 100, parts["y"] + np.where(parts["y"] < 70, 2000, 1900), parts["y"])
    known = np.isfinite(parts["a"])
    if not known.any():
        return None
    order = given or _order(years[known], parts["a"][known], parts["b"][known])
    first, second = ("b", "a") if order == "month_first" else ("a", "b")
    found = _as_times(_seconds(years, parts[second], parts[first], parts))
    return None if found is None else Times(found.values, found.kind, is_order_unclear=order is None)


def _order(years: Floats, a: Floats, b: Floats) -> DateOrder | None:
    """Return the order of day and month that dates show: numbers of [n] years, and what stands before them.

    A number above twelve is a day, and so is a one that never changes, as in series of months; else the
    order in which the rows are sorted by time tells. None where nothing tells.
    """
    if (a > _NUM_MONTHS).any() or (b > _NUM_MONTHS).any():
        return "day_first" if (a > _NUM_MONTHS).any() else "month_first"
    is_first = bool((a == 1).all()), bool((b == 1).all())
    if any(is_first):
        return None if all(is_first) else "day_first" if is_first[0] else "month_first"
    rises = [_rises(years, month, day) for month, day in ((b, a), (a, b))]
    if rises[0] == rises[1]:
        return None
    return "day_first" if rises[0] else "month_first"


def _rises(years: Floats, months: Floats, days: Floats) -> bool:
    """Return whether dates never go back, or never forward, and change at least a few times."""
    steps = np.diff(years * 10_000 + months * 100 + days)
    is_sorted = bool((steps >= 0).all() or (steps <= 0).all())
    return is_sorted and int(np.count_nonzero(steps)) >= _LEAST_STEPS


def _alone(text: pl.Series) -> Times | None:
    parts = _parts(text, _TIME_ALONE)
    hours = _with_half(parts)
    seconds = hours * 3600 + parts["mi"] * 60 + np.nan_to_num(parts["s"])
    known = np.isfinite(seconds)
    if not known.any():
        return None
    if (seconds[known] > 86_400).any():  # 24:00 is the end of a day
        return Times(seconds / 3600, "duration")
    return Times(seconds, "time_of_day")


def _as_times(values: Floats) -> Times | None:
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    return Times(values, "date" if not (known % 86_400).any() else "datetime")


def _date(text: pl.Series, pattern: str) -> Floats:
    parts = _parts(text, pattern)
    return _seconds(parts["y"], parts["m"], np.where(np.isnan(parts["d"]), 1, parts["d"]), parts)


def _seconds(years: Floats, months: Floats, days: Floats, parts: dict[str, Floats]) -> Floats:
    """Return seconds since 1970, NaN where the calendar has no such day."""
    is_known = np.isfinite(years) & (months >= 1) & (months <= 12) & (days >= 1) & (days <= 31)
    y, m, d = (np.where(is_known, part, 1).astype(np.int64) for part in (years, months, days))
    month = (y - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (m - 1)
    date = month.astype("datetime64[D]") + (d - 1)
    is_known &= date.astype("datetime64[M]") == month  # the 31st of a month of 30 days
    clock = np.nan_to_num(_with_half(parts)) * 3600
    clock += np.nan_to_num(parts.get("mi", clock * 0)) * 60 + np.nan_to_num(parts.get("s", clock * 0))
    seconds = date.astype("datetime64[s]").astype(np.int64) + clock
    return np.where(is_known & (clock <= 86_400), seconds, np.nan)


def _with_half(parts: dict[str, Floats]) -> Floats:
    """Return the hours, those of the afternoon from 12 to 23."""
    hours, half = parts.get("h"), parts.get("half")
    if hours is None:
        return np.zeros_like(parts["y"])
    if half is None:
        return hours
    return np.where(np.isnan(half), hours, hours % 12 + 12 * np.nan_to_num(half))


def _parts(text: pl.Series, pattern: str) -> dict[str, Floats]:
    """Return the named groups of a pattern as numbers; `half` is 1 for the afternoon, 0 for the morning."""
    groups = text.str.extract_groups(pattern).struct.unnest()
    parts: dict[str, Floats] = {}
    for name in groups.columns:
        column = groups[name]
        if name == "half":
            column = column.replace_strict({"am": "0", "pm": "1"}, default=None)
        parts[name] = column.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    return parts
