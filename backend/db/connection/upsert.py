"""Inserts many rows at once, also where a key may exist already (ON CONFLICT), on SQLite and PostgreSQL."""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy
from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from muscope.backend.db.schema.base import Base

# SQLite allows 32,766 variables in a statement; our widest row has about 30.
ROWS_PER_STATEMENT = 500
_PAGED = {"insertmanyvalues_page_size": ROWS_PER_STATEMENT}

Insert = sqlite.Insert | postgresql.Insert


def insert_into(dialect: str, table: type[Base]) -> Insert:
    """Start an INSERT that knows ON CONFLICT, for a dialect of SQLAlchemy."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_new(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    """Insert the rows whose key is not taken; return the primary keys really inserted."""
    keys = inspect(table).primary_key
    # Sorted, so that two writers take their locks in the same order (docs/reliability.md §6).
    ordered = sorted(rows, key=lambda row: tuple(str(row[key.name]) for key in keys))
    if not ordered:
        return set()
    # Rows as parameters, not as values: the statement is compiled once, whatever their number.
    statement = _insert_new(session.get_bind().dialect.name, table)
    return {tuple(row) for row in session.connection().execute(statement, ordered, execution_options=_PAGED)}


def insert_all(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    """Insert rows whose keys are all new, in as few steps as the database takes.

    After every step of SQLite, also for a row that it returns, another thread of this process may run, and
    the one that holds the write lock has to wait for the interpreter again.
    """
    if rows:
        session.connection().execute(_insert(table), rows, execution_options=_PAGED)


@cache
def _insert(table: type[Base]) -> sqlalchemy.Insert:
    return sqlalchemy.insert(table)


@cache
def _insert_new(dialect: str, table: type[Base]) -> ReturningInsert[Any]:
    return insert_into(dialect, table).on_conflict_do_nothing().returning(*inspect(table).primary_key)
