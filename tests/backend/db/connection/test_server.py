"""A database on a server: connections come back by themselves, and an outage is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import PrincipalRow
from muscope.backend.errors import Unavailable
from tests.servers.postgres import PostgresServer, postgres_server

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """Server that this file's tests may restart."""
    with postgres_server() as server:
        yield server


def _names(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(text("SELECT id FROM principal")))


def test_a_connection_that_the_server_has_closed_is_replaced(database: Database, postgres: PostgresServer):
    assert _names(database) == {"local"}
    postgres.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    assert _names(database) == {"local"}


def test_a_server_that_is_away_is_unavailable_and_serves_again_once_it_is_back(own_server: PostgresServer):
    database = Database(own_server.url("postgres"))
    own_server.stop()

    with pytest.raises(Unavailable, match=r"database\.unavailable"), database.read() as session:
        session.scalar(text("SELECT 1"))
    own_server.start()

    with database.read() as session:
        assert session.scalar(text("SELECT 1")) == 1
    database.close()


def test_a_write_cut_off_in_the_middle_is_unavailable_and_keeps_nothing(
    database: Database, postgres: PostgresServer
):
    def add_while_the_connection_dies() -> None:
        with database.write() as session:
            session.add(PrincipalRow(id="ann", name="Ann"))
            session.flush()
            postgres.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            )

    with pytest.raises(Unavailable, match=r"database\.unavailable"):
        add_while_the_connection_dies()
    assert _names(database) == {"local"}


def test_a_read_only_server_is_named_and_can_be_read(database: Database, postgres: PostgresServer):
    name = database.url.database or ""
    postgres.execute("ALTER DATABASE {} SET default_transaction_read_only = on", name)
    reader = Database(database.url)

    assert _names(reader) == {"local"}
    with pytest.raises(Unavailable, match=r"database\.read_only"):
        reader.require_writable()
    reader.close()


def test_a_writable_server_is_found_so(database: Database):
    database.require_writable()

    assert _names(database) == {"local"}


def test_a_host_that_does_not_exist_is_unavailable(tmp_path: Path):
    database = Database(f"postgresql+psycopg://muscope@/muscope?host={tmp_path}")

    with pytest.raises(Unavailable, match=r"database\.unavailable"), database.read() as session:
        session.scalar(text("SELECT 1"))
    database.close()
