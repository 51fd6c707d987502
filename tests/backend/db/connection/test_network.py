"""A database behind a network that delays, cuts, loses and refuses connections."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from muscope.backend.db.connection import server
from muscope.backend.db.connection.session import Database
from muscope.backend.db.schema.tables import PrincipalRow
from muscope.backend.errors import Unavailable
from tests.servers.postgres import USER, PostgresServer
from tests.servers.proxy import Fault, FaultProxy, fault_proxy
from tests.waiting import wait_until

pytestmark = pytest.mark.postgres
NUM_WRITES, FAULT_SECONDS, ANSWER_SECONDS = 8, 0.3, 0.4


@pytest.fixture
def proxy(postgres: PostgresServer) -> Iterator[FaultProxy]:
    with fault_proxy(postgres.socket) as started:
        yield started


@pytest.fixture
def distant(proxy: FaultProxy, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The same database, behind the proxy."""
    monkeypatch.setattr(server, "PING_SECONDS", ANSWER_SECONDS)
    address = f"postgresql+psycopg://{USER}@127.0.0.1:{proxy.port}/{database.url.database}"
    opened = Database(address, answer_seconds=ANSWER_SECONDS)
    yield opened
    opened.close()


def _add(database: Database, name: str) -> bool:
    """Store a name under its key unless it is there, and tell whether that was possible."""
    try:
        with database.write() as session:
            session.execute(insert(PrincipalRow).values(id=name, name=name).on_conflict_do_nothing())
    except Unavailable:
        return False
    return True


def _rename(database: Database, name: str, *, before_commit: Callable[[], None] = lambda: None) -> bool:
    try:
        with database.write() as session:
            session.execute(text("UPDATE principal SET name = :name WHERE id = 'local'"), {"name": name})
            before_commit()
    except Unavailable:
        return False
    return True


def _names(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.scalars(text("SELECT id FROM principal")))


@pytest.mark.parametrize("fault", Fault)
def test_writes_go_on_after_every_fault_and_none_is_lost(
    fault: Fault, proxy: FaultProxy, distant: Database, database: Database
):
    chance = random.Random(fault)
    hit_at = chance.randrange(1, NUM_WRITES)
    names = [f"{number}" for number in range(NUM_WRITES)]

    for number, name in enumerate(names):
        if number == hit_at:
            proxy.disturb(fault, FAULT_SECONDS)
        wait_until(lambda name=name: _add(distant, name), seconds=20)  # type: ignore[misc]

    assert _names(database) == {"local", *names}


def test_an_answer_that_is_lost_on_the_way_is_not_waited_for_for_ever(proxy: FaultProxy, distant: Database):
    assert not _rename(distant, "lost", before_commit=lambda: proxy.disturb(Fault.LOST))
    proxy.heal()

    assert _names(distant) == {"local"}


def test_a_connection_lost_while_it_lay_idle_is_noticed_by_the_pool(proxy: FaultProxy, distant: Database):
    assert _names(distant) == {"local"}
    proxy.disturb(Fault.LOST)
    proxy.heal()

    assert _names(distant) == {"local"}


def test_a_writer_that_was_lost_gives_its_rows_back(
    proxy: FaultProxy, distant: Database, database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server, "_IDLE_WRITER_MILLISECONDS", 200)
    assert not _rename(distant, "lost", before_commit=lambda: proxy.disturb(Fault.LOST))

    assert _rename(database, "found")  # waits for the row, which the server frees


def test_a_slow_statement_is_waited_for_without_a_limit_where_none_is_set(database: Database):
    patient = Database(database.url, answer_seconds=None)
    impatient = Database(database.url, answer_seconds=0.1)
    slow = text("SELECT pg_sleep(0.3)")

    with patient.read() as session:
        session.execute(slow)
    with pytest.raises(Unavailable, match="no answer from the server"), impatient.read() as session:
        session.execute(slow)
    for each in (patient, impatient):
        each.close()
