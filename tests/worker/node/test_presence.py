import pytest

from muscope.backend.db.machines import workers
from muscope.backend.settings import Settings
from muscope.worker.node import presence

ENVIRONMENT = {"torch": "2.13", "device": "cpu"}


@pytest.fixture
def register(database, monkeypatch):
    def of(flops, overhead, environment=ENVIRONMENT):
        calibration = {"flops_per_second": flops, "seconds_per_run_step": overhead}
        found = {"environment": environment, "memory_bytes": 5 << 30, "calibration": calibration}
        monkeypatch.setattr(presence, "_ask_device", lambda: found)
        presence.register("node@host", Settings(worker_slots=3), database)
        with database.read() as session:
            return workers.get(session, "node@host")

    return of


def test_a_node_shows_what_it_can_do(register):
    row = register(2e10, 3e-5)

    assert (row.slots, row.device, row.environment) == (3, "cpu", ENVIRONMENT)
    assert (row.flops_per_second, row.seconds_per_run_step) == (2e10, 3e-5)
    assert row.memory_bytes == 5 << 30


def test_in_a_known_environment_the_best_measurement_counts(register):
    register(2e10, 3e-5)

    row = register(1e10, 1e-5)

    assert (row.flops_per_second, row.seconds_per_run_step) == (2e10, 1e-5)


def test_another_environment_forgets_the_old_measurements(register):
    register(2e10, 3e-5)

    row = register(1e10, 4e-5, ENVIRONMENT | {"torch": "2.14"})

    assert (row.flops_per_second, row.seconds_per_run_step) == (1e10, 4e-5)
    assert row.environment["torch"] == "2.14"
