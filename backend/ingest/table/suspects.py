"""Numbers that may be none: codes for a missing value, and identifiers that a spreadsheet has rounded."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from muscope.backend.domain.spec.dataset import ColumnKind, DataWarning, Decision
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.wording import listed, number_text, shown

# Values that people write for "no value"; suspicious where they lie far from all others.
SENTINELS = (-9.0, -99.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0, -1.0)
# Number of times, and distance in ranges of the other values.
_LEAST_COUNT, _FAR = 3, 1.0
_MOST_SHOWN = 3
_LONG = 1e10
_LEAST_CODES, _MOST_DATED = 4, 0.5
_DATED = re.compile(
    r"\d{1,2}月\d{1,2}日|\d{1,2}-(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:-\d{2,4})?"
    r"|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{1,2}|\d{4}[-/]\d{1,2}[-/]\d{1,2}(?: 00:00:00)?"
)
_RATES = frozenset(("lr", "learning_rate", "learning rate", "log2lr", "log2_lr", "eta", "学習率"))
_SIZES = frozenset(("width", "d_model", "depth", "size", "n_embd", "hidden", "num_params", "params", "幅"))


def missing_decision(columns: Sequence[Column], missing: Sequence[str]) -> Decision | None:
    """Return the question whether a number that stands out means a missing value; None where none does.

    An answer, even that it is a number, ends the question: then the options name what means missing.
    """
    found = [] if missing else [(value, column.name) for column in columns for value in _sentinels(column)]
    if not found:
        return None
    values = tuple(dict.fromkeys(number_text(value) for value, _ in found))
    examples = tuple(f"{shown(name)}: {number_text(value)}" for value, name in found[:_MOST_SHOWN])
    return Decision(option="missing", value="", is_question=True, choices=("", *values), examples=examples)


def _sentinels(column: Column) -> list[float]:
    if column.numbers is None or column.kind is not ColumnKind.NUMERIC or column.num_distinct < 4:
        return []
    present = column.numbers[np.isfinite(column.numbers)]
    found = []
    ends = (present.min(), present.max()) if len(present) else ()
    for value in SENTINELS:
        if value not in ends:  # it stands apart from all others
            continue
        others = present[present != value]
        count = len(present) - len(others)
        if count < _LEAST_COUNT or not len(others):
            continue
        span = float(others.max() - others.min())
        gap = max(float(others.min()) - value, value - float(others.max()))
        if gap > max(_FAR * span, 1.0) and span > 0:
            found.append(value)
    return found


def sweep_note(names: Sequence[str]) -> DataWarning | None:
    """Return a warning where the columns are those of a learning-rate sweep: results, and no data to use."""
    lower = {name.strip().casefold() for name in names}
    has_rate, has_size = bool(lower & _RATES), bool(lower & _SIZES)
    has_loss = any("loss" in name or "accuracy" in name for name in lower)
    if not (has_rate and has_size and has_loss):
        return None
    return DataWarning(code="dataset.looks_like_sweep", params={"columns": listed(list(names), 8)})


def dated_codes_note(column: Column) -> DataWarning | None:
    """Return a warning where a spreadsheet turned some of the codes of a column into dates."""
    if column.codes is None or column.num_distinct < _LEAST_CODES:
        return None
    dated = [level for level in column.levels if _DATED.fullmatch(level)]
    if not 0 < len(dated) < _MOST_DATED * len(column.levels):
        return None
    params: dict[str, str | int | float] = {"column": shown(column.name), "texts": listed(dated, _MOST_SHOWN)}
    return DataWarning(code="dataset.codes_became_dates", params=params)


def may_be_rounded(column: Column) -> bool:
    """Return whether a column has numbers so long that a spreadsheet writes them with an exponent."""
    return column.numbers is not None and bool(np.nanmax(np.abs(column.numbers), initial=0.0) >= _LONG)


def rounded_note(name: str, cells: pl.Series) -> DataWarning | None:
    """Return a warning where a spreadsheet rounded long numbers, so that different ones became equal."""
    present = cells.filter(cells.str.strip_chars() != "").head(1000)
    is_rounded = present.str.contains(r"^\s*\d\.\d+[eE]\+1\d\s*$")
    if not len(present) or int(is_rounded.sum()) < 0.5 * len(present):
        return None
    return DataWarning(
        code="dataset.rounded_identifiers",
        params={"column": shown(name), "text": shown(str(present.filter(is_rounded)[0]))},
    )
