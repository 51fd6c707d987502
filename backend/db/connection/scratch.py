"""A database of its own for rows that are looked at before they are stored where others write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from muscope.backend.db.connection.sqlite_engine import sqlite_module
from muscope.backend.db.schema.base import Base

_FILE = "scratch.db"


@contextmanager
def scratch_session(folder: Path) -> Iterator[Session]:
    """Open a session on an empty database in a folder; what is in it is lost with the folder.

    It has every table, and requires no row that another refers to: owners and data stay where they are.
    """
    engine = create_engine(f"sqlite:///{folder / _FILE}", module=sqlite_module())
    try:
        with engine.connect() as connection:
            for pragma in ("journal_mode=OFF", "synchronous=OFF"):
                connection.exec_driver_sql(f"PRAGMA {pragma}")
            Base.metadata.create_all(connection)
            with Session(connection) as session:
                yield session
    finally:
        engine.dispose()
