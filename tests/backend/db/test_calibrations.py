import threading

import pytest

from muscope.backend.db.connection.session import Database
from muscope.backend.db.machines import calibrations
from muscope.backend.domain.cost.calibration import Learned
from tests.backend.db.stores import NOW

pytestmark = pytest.mark.both_databases


def _learn(database, device="d", kind="k", actual=20.0, predicted=10.0):
    with database.write() as session:
        calibrations.learn(session, device, kind, actual_seconds=actual, predicted_seconds=predicted, now=NOW)


def _learned(database, device="d"):
    with database.read() as session:
        return calibrations.learned_on(session, device)


def test_cells_add_up_per_device_and_kind(database):
    for device, kind in (("d", "k"), ("d", "k"), ("d", "other"), ("e", "k")):
        _learn(database, device, kind)

    one = Learned().with_cell(actual_seconds=20, predicted_seconds=10)
    assert _learned(database, "e") == {"k": one}
    assert _learned(database) == {"k": one.with_cell(actual_seconds=20, predicted_seconds=10), "other": one}


def test_an_unknown_device_has_taught_nothing(database):
    assert _learned(database, "never seen") == {}


def test_cells_that_finish_at_once_are_all_counted(database):
    barrier = threading.Barrier(4)

    def learn():
        own = Database(database.url, busy_seconds=60)  # of a slow disk; what is counted is not how fast
        barrier.wait()
        _learn(own)
        own.close()

    threads = [threading.Thread(target=learn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert _learned(database)["k"].num_cells == 4
