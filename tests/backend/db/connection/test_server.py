"""A database on a server: connections come back by themselves, and an outage is named."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from muscope.backend.db.connection.locks import shared_lock
from muscope.backend.db.connection.server import MOST_THREADS, unsafe_settings
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import LOCAL_OWNER, PrincipalRow
from muscope.backend.errors import Conflict, InvalidInput, Unavailable
from muscope.backend.services.datasets.store import delete_dataset
from muscope.backend.services.lookup import hold_dataset
from tests.backend.db.stores import add_dataset, add_worker, experiment_row
from tests.servers.postgres import PostgresServer, postgres_server
from tests.waiting import wait_until

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


def test_a_text_that_the_server_cannot_hold_is_the_senders_fault(database: Database):
    def add() -> None:
        with database.write() as session:
            session.add(PrincipalRow(id="a\0b", name="x"))

    with pytest.raises(InvalidInput, match=r"database\.value_refused.*NUL"):
        add()
    assert _names(database) == {"local"}


def test_more_users_than_connections_wait_and_are_told(database: Database):
    patient = Database(database.url, busy_seconds=0.05)
    with ExitStack() as stack:
        for _ in range(MOST_THREADS):
            stack.enter_context(patient.read()).scalar(text("SELECT 1"))

        with pytest.raises(Unavailable, match="every connection is in use"), patient.read() as session:
            session.scalar(text("SELECT 1"))
    assert _names(patient) == {"local"}
    patient.close()


def test_settings_by_which_commits_may_be_lost_are_named(database: Database):
    with database.read() as session:
        at_first = unsafe_settings(session)
        session.execute(text("SET LOCAL synchronous_commit = on"))
        without_one = unsafe_settings(session)

    assert at_first == ["fsync = off", "full_page_writes = off", "synchronous_commit = off"]
    assert without_one == at_first[:2]


def test_a_row_that_another_holds_is_waited_for_in_bounds(database: Database):
    impatient = Database(database.url, busy_seconds=0.05)

    def rename() -> None:
        with impatient.write() as session:
            session.execute(text("UPDATE principal SET name = 'x' WHERE id = 'local'"))

    with database.write() as session:
        session.execute(text("UPDATE principal SET name = 'y' WHERE id = 'local'"))
        with pytest.raises(Unavailable, match=r"database\.unavailable.*lock timeout"):
            rename()
    impatient.close()


def test_a_lock_is_held_by_one_at_a_time_whatever_its_host(database: Database):
    one, other = shared_lock(database.url, "blobs"), shared_lock(database.url, "blobs")
    assert one is not None
    assert other is not None
    order: list[str] = []

    def second() -> None:
        with other():
            order.append("second")

    with one():
        thread = threading.Thread(target=second)
        thread.start()
        wait_until(lambda: _num_waiting(database))
        order.append("first")
    thread.join()

    assert order == ["first", "second"]


def _num_waiting(database: Database) -> int:
    with database.read() as session:
        return int(session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) or 0)


def test_two_nodes_of_one_name_register_at_once(database: Database):
    barrier, errors = threading.Barrier(2), []

    def start() -> None:
        own = Database(database.url)
        barrier.wait()
        try:
            add_worker(own, "cpu@host")
        except Exception as error:  # noqa: BLE001 (shown below)
            errors.append(error)
        own.close()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []


def test_data_that_an_experiment_is_about_to_use_are_not_deleted(database: Database):
    dataset_id = add_dataset(database)
    context = SimpleNamespace(database=database, blobs=SimpleNamespace(in_turn=nullcontext))
    refused: list[Exception] = []

    def delete() -> None:
        try:
            delete_dataset(context, LOCAL_OWNER, dataset_id)  # type: ignore[arg-type]
        except Conflict as error:
            refused.append(error)

    with database.write() as session:
        hold_dataset(session, LOCAL_OWNER, dataset_id)
        thread = threading.Thread(target=delete)
        thread.start()
        wait_until(lambda: _num_waiting(database))
        session.add(experiment_row(dataset_id))
    thread.join()

    assert [getattr(error, "code", error) for error in refused] == ["dataset.in_use"]
