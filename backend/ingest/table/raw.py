"""Cells of a table before its header is known, and a table as columns of text."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from muscope.backend.domain.spec.dataset import DataWarning, Decision


class Record(NamedTuple):
    """Row of a file: its number as a spreadsheet shows it, from 1, and its cells as text."""

    row: int
    cells: list[str]


@dataclass(slots=True)
class RawTable:
    """Rows in the order of the file.

    Attributes:
        records: blank ones may be left out; their numbers then skip.
        is_named: the first record holds the column names for certain.
        left: column of the sheet, from 0, in which the records begin.
        decisions, notes: of what was done so far (`Profile`).
    """

    records: Iterable[Record]
    is_named: bool = False
    left: int = 0
    decisions: list[Decision] = field(default_factory=list)
    notes: list[DataWarning] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """Columns of text by name, and the row number a spreadsheet shows for each row.

    Attributes:
        num_rows_in_file: rows of data before any were left out.
        decisions, notes: of what was done so far (`Profile`).
    """

    columns: dict[str, pl.Series]
    rows: array[int]
    num_rows_in_file: int
    decisions: list[Decision] = field(default_factory=list)
    notes: list[DataWarning] = field(default_factory=list)

    @property
    def num_rows(self) -> int:
        """Return the number of rows that are kept."""
        return len(self.rows)
