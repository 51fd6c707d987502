"""A migrated database for each test, in a file or on a server: chosen by mark and by environment.

`MUSCOPE_TEST_DATABASE=postgres` runs every test on a server but those marked `sqlite`. Without it those
marked `both_databases` run on both, all others in a file. A test fails where its server cannot be started.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import URL

from muscope.backend.db.connection.session import Database
from muscope.backend.db.migrate import migrate
from tests.servers.postgres import PostgresServer, postgres_server

SQLITE, POSTGRES = "sqlite", "postgres"
TEMPLATE = "migrated"


def chosen() -> str:
    """Return the kind of database that tests use where nothing else is said."""
    kind = os.environ.get("MUSCOPE_TEST_DATABASE", SQLITE)
    if kind not in {SQLITE, POSTGRES}:
        raise pytest.UsageError(f"MUSCOPE_TEST_DATABASE: expected {SQLITE} or {POSTGRES}, given {kind!r}")
    return kind


def choose_databases(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes `database` on the kinds that its marks and the environment name."""
    if "database" not in metafunc.fixturenames:
        return
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    if only := marks & {SQLITE, POSTGRES}:
        metafunc.parametrize("database", sorted(only), indirect=True)
    elif "both_databases" in marks and chosen() == SQLITE:
        metafunc.parametrize("database", [SQLITE, POSTGRES], indirect=True)


@cache
def migrated_bytes() -> bytes:
    """Return a database file made by the real migrations, once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "migrated.db"
        database = Database(f"sqlite:///{path}")
        migrate(database)
        database.close()
        # Merge the write-ahead log into the one file.
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.close()
        return path.read_bytes()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Server of this process's tests, with a migrated database to copy."""
    with postgres_server() as server:
        server.execute("CREATE DATABASE {}", TEMPLATE)
        database = Database(server.url(TEMPLATE))
        migrate(database)
        database.close()
        yield server


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield a separate database to each test."""
    if getattr(request, "param", chosen()) == SQLITE:
        path = tmp_path / "muscope.db"
        path.write_bytes(migrated_bytes())
        with _opened(f"sqlite:///{path}") as database:
            yield database
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.new_database(TEMPLATE)
    with _opened(server.url(name)) as database:
        yield database
    server.drop_database(name)


@contextmanager
def address_of_new_database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Create an empty database where tests run on a server; yield its address, None for the usual file."""
    if chosen() == SQLITE:
        yield None
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.new_database()
    yield server.url(name).render_as_string()
    server.drop_database(name)


@contextmanager
def _opened(url: str | URL) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()
