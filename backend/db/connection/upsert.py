"""Inserts rows whose key may exist already (ON CONFLICT), on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from muscope.backend.db.schema.base import Base

# SQLite allows 32,766 variables in a statement; our widest row has about 30.
ROWS_PER_STATEMENT = 500

Insert = sqlite.Insert | postgresql.Insert


def insert_into(session: Session, table: type[Base]) -> Insert:
    """Start an INSERT that knows ON CONFLICT."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_new(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Insert the rows whose key is not taken; return the primary keys really inserted."""
    keys = inspect(table).primary_key
    # Sorted, so that two writers take their locks in the same order (docs/reliability.md §6).
    ordered = sorted(rows, key=lambda row: tuple(str(row[key.name]) for key in keys))
    if not ordered:
        return set()
    # Rows as parameters, not as values: the statement is compiled once, whatever their number.
    statement = insert_into(session, table).on_conflict_do_nothing().returning(*keys)
    paged = {"insertmanyvalues_page_size": ROWS_PER_STATEMENT}
    return {tuple(row) for row in session.connection().execute(statement, ordered, execution_options=paged)}
