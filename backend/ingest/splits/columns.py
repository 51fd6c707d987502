"""Finds the columns by which a table may be split: times, and units of which there are several rows each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from muscope.backend.domain.spec.dataset import ColumnKind
from muscope.backend.ingest.splits.split import Places
from muscope.backend.ingest.table.columns import Column

MAX_OFFERED = 5
_MAX_COLUMNS = 200
_MAX_ROWS = 20_000
_MIN_UNITS = 5
_MIN_UNNAMED_UNITS = 10  # without a telling name more must speak for it
_MIN_ROWS_PER_UNIT = 2
_MIN_DETERMINED = 2
_FIRST_PAIRS = 100
# Words for what is measured more than once, at the end of a name; "id" and its like as words of their own.
_WORDS = re.compile(
    r"(?:^|[\W_])(?i:id|no|nr|code)\.?$|[a-z]I[Dd]$|"
    r"(?:^|[\W_])(?i:patient|subject|person|participant|customer|client|member|user|employee|student|animal|"
    r"machine|device|sensor|equipment|unit|vehicle|engine|batch|lot|site|store|shop|hospital|household|family|"
    r"session|group)s?(?:[\W_]*(?i:id|no|nr|code|name|number))?\.?$|"
    r"(?:患者|被験者|参加者|顧客|会員|利用者|社員|従業員|学生|個体|号機|機番|装置|設備|機械|機台|端末|車両|車台|製番|"
    r"ロット|バッチ|店舗|拠点|工場|病院|世帯|グループ|番号|コード)(?i:id|ＩＤ|番号|コード|名|no\.?)?$"
)


class Units(NamedTuple):
    """Units that a column names, as a number [n] for each row: -1 where the cell is empty."""

    name: str
    numbers: Places


def time_columns(columns: Sequence[Column]) -> list[Column]:
    """Return the columns of times, those with the fewest gaps first."""
    found = [c for c in columns if c.kind is ColumnKind.TIME and c.numbers is not None and c.num_distinct > 1]
    return sorted(found, key=lambda column: column.num_missing)[:MAX_OFFERED]


def unit_columns(columns: Sequence[Column], rows: Places) -> list[Units]:
    """Return the columns that seem to name units, such as patients or machines, the likeliest first.

    A unit has two or more of `rows` on average. It has a telling name, or two other columns never change
    within a unit, as the sex and the year of birth of a patient. Looks at the first 20,000 of `rows` in the
    file's order, where the rows of a unit stand close together, and at 200 columns.
    """
    looked_at = np.sort(rows)[:_MAX_ROWS]
    asked = [column for column in columns[:_MAX_COLUMNS] if _may_name(column)]
    if not asked:
        return []
    coded = np.stack([codes_of(column, looked_at) for column in asked])
    counts = [len(np.unique(codes[codes >= 0])) for codes in coded]
    found = []
    for column, codes, num_units in zip(asked, coded, counts, strict=True):
        is_named = _WORDS.search(column.name) is not None
        least = _MIN_UNITS if is_named else _MIN_UNNAMED_UNITS
        if num_units < least or np.count_nonzero(codes >= 0) < _MIN_ROWS_PER_UNIT * num_units:
            continue
        others = coded[[1 < count < num_units for count in counts]]
        num_determined = _num_constant(codes, others)
        if is_named or num_determined >= _MIN_DETERMINED:
            found.append((is_named, num_determined, num_units, column.name))
    # Of a unit and its parts the larger is meant: whole units stay on one side, and so do their parts.
    order = sorted(found, key=lambda each: (-each[0], -each[1], each[2]))[:MAX_OFFERED]
    by_name = {column.name: column for column in columns}
    return [Units(name, codes_of(by_name[name], rows)) for *_, name in order]


def codes_of(column: Column, rows: Places) -> Places:
    """Return the cells of `rows` as codes [n], -1 where missing."""
    if column.numbers is None:
        assert column.codes is not None  # asked of the caller
        return column.codes[rows].astype(np.int64)
    numbers = column.numbers[rows]
    codes: Places = np.unique(numbers, return_inverse=True)[1].astype(np.int64)
    codes[np.isnan(numbers)] = -1
    return codes


def _may_name(column: Column) -> bool:
    """Say whether the cells can be names: texts or whole numbers, not times or measurements."""
    if column.kind is ColumnKind.TIME or (column.numbers is None and column.codes is None):
        return False
    if column.numbers is None:
        return column.num_distinct > 1
    present = column.numbers[~np.isnan(column.numbers)]
    return column.num_distinct > 1 and bool(np.all(present == np.trunc(present)))


def _num_constant(units: Places, others: Places) -> int:
    """Return how many of `others` [m, n] never change within a unit [n]."""
    order = np.argsort(units, kind="stable")
    order = order[units[order] >= 0]
    same = np.flatnonzero(np.diff(units[order]) == 0)
    # Most columns change within the first units already: the others alone are looked at to the end.
    for pairs in (same[:_FIRST_PAIRS], same):
        others = others[(others[:, order[pairs]] == others[:, order[pairs + 1]]).all(1)]
    return len(others)
