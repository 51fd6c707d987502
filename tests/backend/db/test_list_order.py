"""The first page of a list is read by an index, however many experiments there are."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from muscope.backend.db.connection.session import Database
from muscope.backend.db.lists import experiments as listed
from muscope.backend.db.lists.experiments import ExperimentOrder, Sought
from muscope.backend.db.schema.tables import LOCAL_OWNER

pytestmark = pytest.mark.sqlite


def _steps(database: Database, order: ExperimentOrder) -> str:
    """Return how SQLite finds the first page in an order, newest or largest first."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as session:
        listed.find(session, LOCAL_OWNER, Sought(), listed.order_by(order, True), after=None, limit=50)
    event.remove(database.engine, "before_cursor_execute", note)
    statement, parameters = next(each for each in sent if "ORDER BY" in each[0])
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return "; ".join(str(row[-1]) for row in rows)


def test_the_newest_are_read_in_order_and_no_others_are_sorted(database: Database):
    assert "TEMP B-TREE" not in _steps(database, ExperimentOrder.CREATED)
    assert "TEMP B-TREE" in _steps(database, ExperimentOrder.DURATION)  # that is how SQLite says it
