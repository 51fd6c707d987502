"""How fast plans take the machine to be, with the neighbours it has now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from muscope.backend.db.machines import calibrations, workers
from muscope.backend.domain.cost.calibration import device_sha256, kind_of
from muscope.backend.services.workers import LATELY, PRIOR_SECONDS, capacity_of, fresh_workers
from tests.backend.db.stores import NOW, add_experiment, add_worker, change_cell
from tests.backend.domain.specs import SPEC

PREDICTED = 100.0


@pytest.fixture(autouse=True)
def worker(database):
    add_worker(database, slots=2)


@pytest.fixture
def pace(context, database):
    def of_now():
        with database.read() as session:
            return capacity_of(context, session, fresh_workers(context, session)).pace

    return of_now


def _end_cell(database, *, took, ago, correction=1.0):
    _, (cell_id, *_) = add_experiment(database)
    ended = {"state": "completed", "finished_at": NOW - ago, "fence": 1, "spent_seconds": took}
    change_cell(database, cell_id, **ended, predicted_seconds=correction * PREDICTED, correction=correction)


def test_before_any_cell_has_run_the_load_tells(database, pace):
    assert pace() == 1
    with database.write() as session:
        workers.touch(session, "node", now=NOW, crowding=1.8)

    assert pace() == pytest.approx(1.8)


def test_what_cells_took_lately_outweighs_the_load(database, pace):
    _end_cell(database, took=2 * PREDICTED, ago=timedelta(minutes=1))

    assert pace() == pytest.approx((PRIOR_SECONDS + 2 * PREDICTED) / (PRIOR_SECONDS + PREDICTED))


def test_cells_of_an_hour_ago_say_nothing_of_the_neighbours_of_now(database, pace):
    _end_cell(database, took=9 * PREDICTED, ago=LATELY + timedelta(seconds=1))

    assert pace() == 1


def test_what_the_device_has_taught_since_is_not_counted_twice(database, pace):
    """A cell that took twice its model's time, on a device that is by now known to take that."""
    _end_cell(database, took=2 * PREDICTED, ago=timedelta(minutes=1))
    kind = kind_of(SPEC.model.name, min(SPEC.widths), has_curvature=True)
    with database.write() as session:
        for _ in range(30):
            calibrations.learn(
                session,
                device_sha256({}),
                kind,
                actual_seconds=2 * PREDICTED,
                predicted_seconds=PREDICTED,
                now=NOW,
            )

    assert pace() == pytest.approx(1, abs=0.05)
