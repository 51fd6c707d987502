import threading
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from muscope.backend.db.connection.session import Database, shortening_milliseconds
from muscope.backend.db.connection.sqlite_engine import sqlite_module
from muscope.backend.db.connection.write_turn import WriteTurn
from muscope.backend.db.schema.tables import LOCAL_OWNER, CellRow, PrincipalRow
from muscope.backend.errors import InvalidInput, Unavailable
from tests.backend.db.stores import NOW, add_dataset, cell_row, one_cell, take

pytestmark = pytest.mark.both_databases


def _names(database):
    with database.read() as session:
        return set(session.scalars(text("SELECT id FROM principal")))


def test_a_write_is_committed_at_its_end(database):
    with database.write() as session:
        session.add(PrincipalRow(id="ann", name="Ann"))

    assert _names(database) == {"ann", "local"}


def test_a_number_of_more_than_64_bits_is_the_senders_fault(database):
    cell_id = one_cell(database)

    with pytest.raises(InvalidInput, match=r"database\.value_refused"), database.write() as session:
        session.execute(update(CellRow).values(committed_step=1 << 80))

    assert cell_row(database, cell_id).committed_step == -1


def test_a_write_that_raises_is_rolled_back(database):
    def add_and_fail():
        with database.write() as session:
            session.add(PrincipalRow(id="ann", name="Ann"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()

    assert _names(database) == {"local"}


def test_a_read_keeps_nothing(database):
    with database.read() as session:
        session.add(PrincipalRow(id="ann", name="Ann"))
        session.flush()

    assert _names(database) == {"local"}


@pytest.mark.sqlite
def test_connections_are_prepared(database):
    with database.read() as session:
        names = ("journal_mode", "foreign_keys", "synchronous", "secure_delete")
        pragmas = [session.scalar(text(f"PRAGMA {name}")) for name in names]

    assert pragmas == ["wal", 1, 2, 1]


@pytest.mark.sqlite
def test_a_worker_does_not_wait_until_a_window_outlives_a_loss_of_power(database):
    worker = Database(database.url, is_durable=False)
    with worker.read() as session:
        pragmas = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]
    worker.close()

    assert pragmas == ["wal", 1]  # NORMAL


@pytest.mark.sqlite
def test_whoever_reads_lets_the_writer_of_its_process_finish(database, monkeypatch):
    asked = Mock()
    monkeypatch.setattr(WriteTurn, "let_finish", lambda _: asked())

    with database.write() as session:
        session.add(PrincipalRow(id="ann", name="Ann"))
        session.flush()
        asked.assert_not_called()
    with database.read() as session:
        session.get(PrincipalRow, "ann")

    asked.assert_called()


@pytest.mark.sqlite
def test_what_was_deleted_is_in_no_file_of_the_database(database):
    marker = "a name that nobody may find again"
    with database.write() as session:
        session.add(PrincipalRow(id="ann", name=marker + " and so on" * 1000))
    database.shorten_log(above_bytes=0)
    held_before = files_with(marker, database)

    with database.write() as session:
        session.delete(session.get_one(PrincipalRow, "ann"))
    database.forget_deleted()

    assert held_before != []
    assert files_with(marker, database) == []


@pytest.mark.sqlite
def test_a_reader_in_the_way_of_forgetting_is_no_error(database):
    with database.read() as reader:
        reader.scalar(text("SELECT count(*) FROM principal"))
        with database.write() as session:
            session.add(PrincipalRow(id="ann", name="Ann"))
        database.forget_deleted()

    assert _names(database) == {"ann", "local"}


def files_with(marker: str, database: Database) -> list[str]:
    """List the files of a database that hold a text."""
    folder = Path(str(database.engine.url.database)).parent
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in found if marker.encode() in path.read_bytes()]


def test_the_library_is_free_of_the_wal_bug():
    assert sqlite_module().sqlite_version_info >= (3, 51, 3)


def test_foreign_keys_are_enforced(database):
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        add_dataset(database, owner_id="nobody")


def test_moments_come_back_in_utc(database):
    claim = take(database, one_cell(database))

    assert cell_row(database, claim.cell_id).started_at == NOW


@pytest.mark.sqlite
def test_a_locked_database_is_unavailable_not_broken(database):
    impatient = Database(database.url, busy_seconds=0.01)

    def add(to, name):
        with to.write() as session:
            session.add(PrincipalRow(id=name, name=name))

    with database.write() as session:
        session.scalar(text("SELECT 1"))
        with pytest.raises(Unavailable, match=r"database\.unavailable.*locked"):
            add(impatient, "bob")
    add(impatient, "ann")

    impatient.close()
    assert _names(database) == {"ann", "local"}


def test_reading_goes_on_beside_a_writer(database):
    with database.write() as session:
        session.add(PrincipalRow(id="ann", name="Ann"))
        session.flush()

        assert _names(database) == {"local"}


def test_two_writers_that_read_first_both_get_their_turn(database):
    add_dataset(database)
    errors = []

    def rename(name):
        try:
            for _ in range(20):
                with database.write() as session:
                    row = session.get_one(PrincipalRow, LOCAL_OWNER)
                    row.name = f"{name}{len(row.name)}"
        except Exception as error:  # noqa: BLE001 (shown below)
            errors.append(error)

    threads = [threading.Thread(target=rename, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []


def test_many_writers_of_one_process_wait_for_one_another_and_none_gives_up(database):
    eager = Database(database.url, busy_seconds=0.0)  # SQLite itself would refuse the second at once
    start = threading.Barrier(12)
    errors = []

    def add(name):
        start.wait()
        try:
            with eager.write() as session:
                session.add(PrincipalRow(id=name, name=name))
        except Unavailable as error:
            errors.append(error)

    names = {f"writer {number}" for number in range(12)}
    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eager.close()

    assert errors == []
    assert _names(database) == names | {LOCAL_OWNER}


@pytest.mark.sqlite
def test_a_log_that_has_grown_too_large_is_emptied_and_nothing_is_lost(database):
    with database.read() as reader:  # a reader that never pauses keeps SQLite from starting its log anew
        reader.scalar(text("SELECT count(*) FROM principal"))
        for number in range(30):
            with database.write() as session:
                session.add(PrincipalRow(id=f"{number}", name="x" * 4000))
        grown = database.log_bytes()
        database.shorten_log(above_bytes=100_000)
        assert database.log_bytes() == grown  # the reader is left alone
    database.shorten_log(above_bytes=grown)
    assert database.log_bytes() == grown
    database.shorten_log(above_bytes=100_000)

    assert grown > 100_000
    assert database.log_bytes() == 0
    assert len(_names(database)) == 31


@pytest.mark.parametrize(
    ("mebibytes", "milliseconds"), [(1, 20), (17, 20), (160, 200), (1 << 20, 500)], ids=str
)
def test_a_reader_is_waited_for_the_longer_the_more_there_is_of_the_log(mebibytes, milliseconds):
    assert shortening_milliseconds(mebibytes << 20) == milliseconds


def test_a_database_that_is_not_there_is_unavailable(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/missing/muscope.db")

    with pytest.raises(Unavailable, match=r"database\.unavailable"), database.read() as session:
        session.scalar(text("SELECT 1"))

    database.close()


def test_a_read_sees_one_moment(database):
    with database.read() as session:
        first = set(session.scalars(text("SELECT id FROM principal")))
        with database.write() as other:
            other.add(PrincipalRow(id="ann", name="Ann"))
        second = set(session.scalars(text("SELECT id FROM principal")))

    assert first == second == {"local"}
    assert _names(database) == {"ann", "local"}
