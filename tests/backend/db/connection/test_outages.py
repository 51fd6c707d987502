"""An outage is named by its cause: another remedy belongs to each."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from muscope.backend.db.connection.outages import outage
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import PrincipalRow
from muscope.backend.errors import Unavailable
from tests.servers.databases import migrated_bytes

pytestmark = pytest.mark.sqlite


def add(database: Database, name: str) -> None:
    with database.write() as session:
        session.add(PrincipalRow(id=name, name=name))


def names(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(text("SELECT id FROM principal")))


def path_of(database: Database) -> Path:
    return Path(database.url.database or "")


def test_a_file_deleted_under_us_is_refused_for_writing_and_reading(database: Database):
    add(database, "ann")
    path_of(database).unlink()

    with pytest.raises(Unavailable, match=r"database\.gone"):
        add(database, "bob")
    with pytest.raises(Unavailable, match=r"database\.gone"):
        names(database)
    assert not path_of(database).exists()


def test_a_file_replaced_by_another_is_refused_too(database: Database, tmp_path: Path):
    add(database, "ann")
    other = tmp_path / "other.db"
    other.write_bytes(migrated_bytes())
    other.replace(path_of(database))

    with pytest.raises(Unavailable, match=r"database\.gone"):
        add(database, "bob")


def test_the_file_put_back_serves_again(database: Database, tmp_path: Path):
    add(database, "ann")
    away = tmp_path / "away.db"
    path_of(database).rename(away)
    with pytest.raises(Unavailable, match=r"database\.gone"):
        add(database, "bob")
    away.rename(path_of(database))

    add(database, "bob")

    assert names(database) == {"ann", "bob", "local"}


def test_a_full_database_is_told_from_a_busy_one(database: Database):
    add(database, "ann")
    with database.read() as session:
        pages = session.scalar(text("PRAGMA page_count"))

    def fill() -> None:
        with database.write() as session:
            session.execute(text(f"PRAGMA max_page_count={pages}"))
            for number in range(10_000):
                session.add(PrincipalRow(id=f"{number:0500}", name="x"))
            session.flush()

    with pytest.raises(Unavailable, match=r"database\.disk_full"):
        fill()
    assert names(database) == {"ann", "local"}


def test_a_read_only_database_is_named_and_can_be_read(database: Database):
    add(database, "ann")
    reader = Database(f"sqlite:///file:{path_of(database)}?mode=ro&uri=true")

    assert names(reader) == {"ann", "local"}
    with pytest.raises(Unavailable, match=r"database\.read_only"):
        add(reader, "bob")
    with pytest.raises(Unavailable, match=r"database\.read_only"):
        reader.require_writable()
    reader.close()


def test_a_writable_database_is_found_so_and_left_alone(database: Database):
    database.require_writable()

    assert names(database) == {"local"}


class _ServerError(Exception):
    """Error of a server's driver, with its SQLSTATE."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("said by the server in its own language")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "code"), [("53100", "database.disk_full"), ("25006", "database.read_only")]
)
def test_a_server_tells_the_cause_by_its_state(sqlstate: str, code: str):
    error = DBAPIError("INSERT …", {}, _ServerError(sqlstate))

    found = outage(error, None)

    assert found is not None
    assert found.code == code


def test_a_fault_of_the_statement_is_no_outage():
    assert outage(DBAPIError("SELEKT", {}, _ServerError("42601")), None) is None


def test_a_log_that_cannot_grow_is_a_full_disk_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    error = OperationalError("INSERT …", {}, sqlite3.OperationalError("disk I/O error"))
    path = tmp_path / "muscope.db"

    assert outage(error, path).code == "database.unavailable"  # type: ignore[union-attr]
    monkeypatch.setattr("muscope.backend.db.connection.outages.free_bytes", lambda _folder: 4096)
    assert outage(error, path).code == "database.disk_full"  # type: ignore[union-attr]
