"""Divides the rows of a table as its owner wishes: at random, by time, by units, or as the file has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from muscope.backend.domain.spec.dataset import ColumnKind, Decision
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.splits.by_time import later_rows
from muscope.backend.ingest.splits.by_unit import some_units
from muscope.backend.ingest.splits.columns import codes_of, time_columns, unit_columns
from muscope.backend.ingest.splits.equal_rows import equal_rows
from muscope.backend.ingest.splits.split import Places, order_of, refuse_too_few, split
from muscope.backend.ingest.table.columns import Column
from muscope.backend.ingest.table.labels import Label
from muscope.backend.ingest.wording import listed, shown

RANDOM, TIME, GROUP, GIVEN = "random", "time", "group", "given"


class Division(NamedTuple):
    """Rows that train and rows that validate, as places in `Label.values`.

    Attributes:
        kind: `random`, `time`, `group` or `given`.
        column: its name, by time or group.
        alike: a number [n] for each row, the same for rows equal in all features and label.
        is_asked: the owner chose it.
    """

    train: Places
    val: Places
    kind: str
    column: str | None
    alike: Places
    is_asked: bool

    @property
    def value(self) -> str:
        """Return it as the option is written."""
        return self.kind if self.column is None else f"{self.kind}:{self.column}"

    @property
    def num_repeated(self) -> int:
        """Return how many validation rows equal a training row."""
        return int(np.count_nonzero(np.isin(self.alike[self.val], self.alike[self.train])))

    def features_of(self, columns: Sequence[Column]) -> list[Column]:
        """Return the columns that may be features: units that validate were never trained on."""
        return [column for column in columns if self.kind != GROUP or column.name != self.column]


def divide(
    label: Label,
    columns: Sequence[Column],
    wanted: str | None,
    content_sha256: str,
    given: Places | None = None,
) -> Division:
    """Return the division that is `wanted`, as `IngestOptions.split` has it; None: given, else at random.

    Args:
        label: of the rows that have one.
        columns: those beside the label.
        content_sha256: fixes what is left to chance.
        given: places in `label.values` that validate, where the file says so itself.

    Raises:
        InvalidInput: there is no such column, or it cannot divide the rows.
    """
    refuse_too_few(len(label.values))
    alike = equal_rows(columns, label.kept_rows, label.values)
    kind, _, name = (wanted or (RANDOM if given is None else GIVEN)).partition(":")
    if kind == RANDOM and not name:
        train, val = split(label, content_sha256, alike)
        return Division(train, val, RANDOM, None, alike, wanted is not None)
    if kind == GIVEN and not name:
        is_val = _given(given, len(label.values))
    else:
        column = _column(columns, kind, name, wanted or "")
        if kind == TIME:
            assert column.numbers is not None  # see `_column`
            is_val = later_rows(name, column.numbers[label.kept_rows])
        else:
            is_val = some_units(name, codes_of(column, label.kept_rows), label, content_sha256)
    order = order_of(len(is_val), content_sha256)
    train, val = order[~is_val[order]], order[is_val[order]]
    _refuse_one_class(label, train, kind)
    return Division(train, val, kind, name or None, alike, wanted is not None)


def split_decision(
    division: Division, label: Label, columns: Sequence[Column], given: Places | None = None
) -> Decision:
    """Return the division as a decision, with the other ways that the columns allow."""
    ways = [RANDOM] if given is None else [GIVEN, RANDOM]
    ways += [f"{TIME}:{column.name}" for column in time_columns(columns)]
    ways += [f"{GROUP}:{units.name}" for units in unit_columns(columns, label.kept_rows)]
    choices = tuple(ways if division.value in ways else [*ways, division.value])
    return Decision(option="split", value=division.value, is_guessed=not division.is_asked, choices=choices)


def _given(given: Places | None, num_rows: int) -> NDArray[np.bool_]:
    if given is None:
        raise InvalidInput("dataset.no_given_split")
    is_val = np.zeros(num_rows, np.bool_)
    is_val[given] = True
    return is_val


def _column(columns: Sequence[Column], kind: str, name: str, wanted: str) -> Column:
    """Return the column that divides, or say why there is none."""
    if kind not in (TIME, GROUP) or not name:
        raise InvalidInput("dataset.unknown_split", given=shown(wanted))
    found = next((column for column in columns if column.name == name), None)
    if found is None:
        names = listed([column.name for column in columns], 20)
        raise InvalidInput("dataset.unknown_split_column", column=shown(name), columns=names)
    if kind == TIME and (found.kind is ColumnKind.CATEGORICAL or found.numbers is None):
        raise InvalidInput("dataset.split_needs_time", column=shown(name))
    if kind == GROUP and found.numbers is None and found.codes is None:
        raise InvalidInput("dataset.split_too_many_groups", column=shown(name), count=found.num_distinct)
    return found


def _refuse_one_class(label: Label, train: Places, kind: str) -> None:
    found = np.unique(label.values[train])
    if label.classes and len(found) == 1:
        value = label.classes[int(found[0])]
        raise InvalidInput("dataset.split_one_class", column=shown(label.name), value=value, split=kind)
