"""Tables that benchmarks give to the product, and what is counted as right of the time left."""

from __future__ import annotations

import pytest

from benchmarks.inputs.tables import TABLES, Table
from benchmarks.rows.cost_tables import Measured
from muscope.backend.domain.spec.dataset import Task

SMALL = [table._replace(rows=40, columns=max(5, min(8, table.columns))) for table in TABLES]


@pytest.mark.parametrize("table", SMALL, ids=lambda table: table.name)
def test_a_table_has_its_rows_and_columns_and_is_the_same_every_time(table: Table):
    header, *rows = table.csv().decode().splitlines()

    assert len(rows) == table.rows
    assert {len(line.split(",")) for line in (header, *rows)} == {table.columns + 1}
    assert ("class" in rows[0]) is (table.task is Task.CLASSIFICATION)
    assert table.csv() == table.csv()


def test_the_tables_are_as_many_and_as_large_as_the_goal_asks():
    assert len(TABLES) >= 12
    assert (min(table.rows for table in TABLES), max(table.rows for table in TABLES)) == (500, 50_000)
    assert {table.columns for table in TABLES} >= {5, 60}
    assert len({table.task for table in TABLES}) == 2


def test_looks_count_after_the_first_quarter():
    looks = ((1.0, 50.0), (30.0, 60.0), (90.0, 20.0), (101.0, 5.0))
    measured = Measured("a", 80.0, 100.0, 10, 12, "transfers", 0.0, looks)

    assert measured.left() == [(60.0, 70.0), (20.0, 10.0)]
    assert measured.ratio == pytest.approx(0.8)
