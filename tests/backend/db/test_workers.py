import pytest

from muscope.backend.db.machines import workers
from tests.backend.db.stores import LATER, NOW

pytestmark = pytest.mark.both_databases

CAPABILITIES = {
    "slots": 2,
    "device": "cpu",
    "memory_bytes": 1 << 30,
    "environment": {"torch": "2.13"},
    "flops_per_second": 1e10,
    "seconds_per_run_step": 1e-5,
}


def _register(database, name, now=NOW, **changes):
    with database.write() as session:
        workers.register(session, name, now=now, **CAPABILITIES | changes)


def test_a_worker_that_starts_again_replaces_its_row(database):
    _register(database, "node")
    _register(database, "node", now=LATER, slots=4)

    with database.read() as session:
        (row,) = workers.seen_since(session, NOW)
        assert (row.slots, row.started_at) == (4, LATER)


def test_only_workers_seen_lately_are_listed_by_name(database):
    for name in ("c", "a", "b"):
        _register(database, name)
    with database.write() as session:
        for name in ("c", "b"):
            workers.touch(session, name, now=LATER)

    with database.read() as session:
        assert [row.name for row in workers.seen_since(session, LATER)] == ["b", "c"]
        assert [row.name for row in workers.seen_since(session, NOW)] == ["a", "b", "c"]
        assert workers.get(session, "d") is None
