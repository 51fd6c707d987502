"""Rows that are copied between databases of both kinds: every value is what it was."""

from __future__ import annotations

import math
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from muscope.backend.db.connection.session import Database
from muscope.backend.db.connection.table_copy import begin_snapshot, replace_rows
from muscope.backend.db.schema.base import Base
from muscope.backend.db.schema.tables import CellRow, PrincipalRow, RunRow, WorkerRow
from muscope.backend.errors import Unavailable
from tests.backend.db.stores import NOW, add_experiment, add_worker
from tests.backend.services.recorded import record
from tests.servers.databases import migrated_bytes

pytestmark = pytest.mark.both_databases


@pytest.fixture
def copy(tmp_path):
    """A migrated database in a file."""
    path = tmp_path / "copy.db"
    path.write_bytes(migrated_bytes())
    found = Database(f"sqlite:///{path}")
    yield found
    found.close()


def _copied(source, target):
    with source.read() as rows, target.write() as session:
        return replace_rows(rows, session)


def _values(database):
    """Return all rows as the models read them, by table."""
    with database.read() as session:
        return {
            name: sorted(map(repr, session.execute(select(*table.columns)).all()))
            for name, table in Base.metadata.tables.items()
        }


def _in_utc(values):
    """Return rows with one spelling of UTC; the drivers have their own."""
    return {
        name: [each.replace("zoneinfo.ZoneInfo(key='UTC')", "datetime.timezone.utc") for each in rows]
        for name, rows in values.items()
    }


def _fill(database):
    _, cell_ids = add_experiment(database)
    record(database, cell_ids[0])
    add_worker(database)
    with database.write() as session:
        worker = session.scalars(select(WorkerRow)).one()
        worker.environment = {"名": "µ", "nested": {"a": [1, 2.5, None]}}
        worker.seconds_per_run_step = math.inf
        session.get_one(CellRow, cell_ids[1]).heartbeat_at = NOW
    return cell_ids


def test_all_values_are_copied_into_a_file(database, copy):
    _fill(database)

    contents = _copied(database, copy)

    assert _in_utc(_values(copy)) == _in_utc(_values(database))
    assert contents["cell"].num_rows == len(_values(database)["cell"]) > 0
    assert set(contents) == set(Base.metadata.tables)


def test_all_values_are_copied_from_a_file(database, copy):
    _fill(copy)

    _copied(copy, database)

    assert _in_utc(_values(copy)) == _in_utc(_values(database))


def test_rows_that_the_migrations_made_are_replaced(database, copy):
    with database.write() as session:
        session.get_one(PrincipalRow, "local").name = "renamed"

    _copied(database, copy)

    with copy.read() as session:
        assert session.scalars(select(PrincipalRow.name)).all() == ["renamed"]


def test_a_json_null_is_not_an_sql_null(database, copy):
    cell_ids = _fill(database)
    with database.write() as session:
        session.execute(text("UPDATE cell SET environment = NULL"))
        session.get_one(CellRow, cell_ids[0]).environment = None

    _copied(database, copy)

    def count(session):
        statement = select(func.count()).select_from(CellRow).where(CellRow.environment.is_(None))
        return session.scalar(statement), session.scalar(text("SELECT count(environment) FROM cell"))

    with database.read() as before, copy.read() as after:
        assert count(after) == count(before)


def test_a_row_that_does_not_arrive_is_noticed(database, copy):
    _fill(database)
    with copy.write() as session:
        session.execute(
            text("CREATE TRIGGER lose AFTER INSERT ON run BEGIN DELETE FROM run WHERE id = NEW.id; END")
        )

    with pytest.raises(Unavailable, match=r"backup\.rows_differ.*run"):
        _copied(database, copy)


def test_a_changed_bit_is_noticed(database, copy):
    _fill(database)
    with copy.write() as session:
        session.execute(
            text(
                "CREATE TRIGGER alter_it AFTER INSERT ON run BEGIN "
                "UPDATE run SET lr = lr * 1.0000000000000003 WHERE id = NEW.id; END"
            )
        )

    with pytest.raises(Unavailable, match=r"backup\.rows_differ.*run"):
        _copied(database, copy)


def test_a_table_that_one_side_lacks_is_named(database, copy):
    with copy.write() as session:
        session.execute(text("DROP TABLE run_summary"))

    with pytest.raises(Unavailable, match=r"backup\.rows_differ.*run_summary"):
        _copied(database, copy)


def test_a_snapshot_keeps_its_moment_while_others_write(database, copy):
    cell_ids = _fill(database)

    with database.read() as snapshot:
        begin_snapshot(snapshot)
        snapshot.scalars(select(RunRow.id)).all()
        with database.write() as session:
            session.add(PrincipalRow(id=str(uuid4()), name="later"))
            session.get_one(CellRow, cell_ids[0]).committed_step = 77
        with copy.write() as session:
            replace_rows(snapshot, session)

    assert "later" not in repr(_values(copy)["principal"])
    with copy.read() as session:
        assert session.get_one(CellRow, cell_ids[0]).committed_step != 77


@pytest.mark.postgres
def test_a_snapshot_of_a_server_cannot_write(database):
    with database.read() as snapshot:
        begin_snapshot(snapshot)
        with pytest.raises(DBAPIError, match="read-only"):
            snapshot.execute(text("DELETE FROM principal"))
