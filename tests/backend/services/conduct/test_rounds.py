import sys
import threading
from datetime import timedelta
from uuid import UUID

import pytest

from muscope.backend import conductor
from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims
from muscope.backend.db.machines.holders import this_process
from muscope.backend.db.machines.pulses import Pulse
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.holders import Holder
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.errors import Unavailable
from muscope.backend.events import ProgressNotice
from muscope.backend.services.conduct import rounds as conductor_rounds
from muscope.backend.services.conduct.advance import advance_experiments
from muscope.backend.services.conduct.rounds import PulseWatch, conduct_round
from tests.backend.db.stores import LATER, NOW, add_experiment, cell_row, change_cell, take
from tests.backend.domain.specs import SPEC
from tests.backend.services.two_conductors import advance_twice_at_once


class Seconds:
    """A monotonic clock that is told the time."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def watch(seconds):
    return PulseWatch(lease_seconds=30, monotonic=seconds)


def _experiment(database, experiment_id):
    with database.read() as session:
        return session.get_one(ExperimentRow, experiment_id)


def _end_all(database, cell_ids, *states):
    for cell_id, state in zip(cell_ids, states, strict=True):
        change_cell(database, cell_id, state=state)


PULSE = Pulse(UUID(int=1), 1, 5)


def test_a_pulse_is_stale_after_a_lease_without_change(watch, seconds):
    seen = []
    for seconds.now in (100, 129.9, 130, 500):
        seen.append(watch.stale([PULSE]))

    assert seen == [[], [], [PULSE], [PULSE]]


@pytest.mark.parametrize(
    "other", [Pulse(PULSE.cell_id, 1, 6), Pulse(PULSE.cell_id, 2, 5)], ids=["beat", "fence"]
)
def test_a_pulse_that_changed_starts_anew(other, watch, seconds):
    watch.stale([PULSE])
    seconds.now = 29
    watch.stale([other])
    seconds.now = 58

    assert watch.stale([other]) == []
    seconds.now = 59
    assert watch.stale([other]) == [other]


def test_a_pulse_that_was_gone_meanwhile_is_forgotten(watch, seconds):
    watch.stale([PULSE])
    watch.stale([])
    seconds.now = 40

    assert watch.stale([PULSE]) == []


def test_a_silent_cell_expires_and_is_rung_again_after_its_delay(
    context, watch, seconds, database, bell, clock
):
    _, cell_ids = add_experiment(database)
    for cell_id in cell_ids:
        change_cell(database, cell_id, dispatched_at=NOW)
    take(database, cell_ids[0])
    conduct_round(context, watch)
    assert cell_row(database, cell_ids[0]).state == "running"

    seconds.now = 30
    conduct_round(context, watch)
    row = cell_row(database, cell_ids[0])
    assert (row.state, row.error_class, bell.rung) == ("queued", "lost", [])

    clock.now = NOW + timedelta(seconds=2)
    conduct_round(context, watch)
    assert bell.rung == [[cell_ids[0]]]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process started")
def test_a_cell_of_an_ended_process_of_this_machine_is_rung_for_in_the_same_round(
    context, watch, database, bell
):
    _, cell_ids = add_experiment(database)
    for cell_id in cell_ids:
        change_cell(database, cell_id, dispatched_at=NOW)
    me = this_process()
    take(database, cell_ids[0], owner=str(Holder(me.host, me.pid, me.started - 1, me.machine)))
    take(database, cell_ids[1], owner=str(me))

    conduct_round(context, watch)

    assert bell.rung == [[cell_ids[0]]]
    assert cell_row(database, cell_ids[1]).state == "running"


@pytest.mark.parametrize("column", ["not_before", "dispatched_at"])
def test_a_clock_that_is_set_back_by_an_hour_puts_no_cell_off(context, watch, database, bell, column):
    _, cell_ids = add_experiment(database)
    for cell_id in cell_ids:
        change_cell(database, cell_id, dispatched_at=NOW)
    before_the_step = NOW + timedelta(hours=1, seconds=2)
    change_cell(database, cell_ids[0], **{"dispatched_at": None, column: before_the_step})

    conduct_round(context, watch)

    assert bell.rung == [[cell_ids[0]]]
    with database.write() as session:
        assert claims.claim(session, cell_ids[0], owner="a:1", now=NOW) is not None


@pytest.mark.parametrize(
    ("delay", "seconds_left"), [(None, 5), (2, 2), (9, 5), (-1, 5)], ids=["none", "soon", "late", "past"]
)
def test_the_next_round_comes_when_a_delay_ends(context, database, delay, seconds_left):
    _, cell_ids = add_experiment(database)
    if delay is not None:
        change_cell(database, cell_ids[0], not_before=NOW + timedelta(seconds=delay))

    assert conductor_rounds.seconds_to_next_round(context) == seconds_left


def test_a_beating_cell_is_left_alone(context, watch, seconds, database):
    _, cell_ids = add_experiment(database)
    claim = take(database, cell_ids[0])

    for seconds.now in range(0, 120, 20):
        conductor_rounds.expire_lost_cells(context, watch)
        with database.write() as session:
            claims.beat(session, claim, now=NOW)

    assert cell_row(database, cell_ids[0]).state == "running"


def test_two_conductors_expire_a_cell_once(context, watch, seconds, database):
    other = PulseWatch(lease_seconds=30, monotonic=seconds)
    _, cell_ids = add_experiment(database)
    take(database, cell_ids[0])
    pulses = [Pulse(cell_ids[0], 1, 0)]
    for each in (watch, other):
        each.stale(pulses)
    seconds.now = 31

    for each in (watch, other):
        conductor_rounds.expire_lost_cells(context, each)

    assert cell_row(database, cell_ids[0]).failures == 1


def test_an_expiry_that_lost_the_race_is_no_error(context, database):
    _, cell_ids = add_experiment(database)
    claim = take(database, cell_ids[0])
    with database.write() as session:
        claims.release(session, claim, now=NOW)

    with database.write() as session:
        assert conductor_rounds._expire(context, session, Pulse(cell_ids[0], claim.fence, 0)) is None


@pytest.mark.parametrize(
    ("states", "ending"),
    [
        (("completed",) * 4, "completed"),
        (("completed", "failed", "failed", "failed"), "completed"),
        (("failed",) * 4, "failed"),
        (("failed", "skipped", "failed", "failed"), "failed"),
    ],
    ids=["all", "some", "none", "skipped"],
)
def test_an_experiment_ends_with_its_last_cell(states, ending, context, database, notices):
    experiment_id, cell_ids = add_experiment(database)
    _end_all(database, cell_ids, *states)

    advance_experiments(context)

    row = _experiment(database, experiment_id)
    assert (row.state, row.finished_at, row.version) == (ending, NOW, 1)
    assert notices.published == [ProgressNotice(experiment_id)]


def test_an_experiment_with_an_open_cell_goes_on(context, database, notices):
    experiment_id, cell_ids = add_experiment(database)
    _end_all(database, cell_ids, "completed", "completed", "completed", "running")

    advance_experiments(context)

    assert (_experiment(database, experiment_id).state, notices.published) == ("queued", [])


def test_an_ended_experiment_is_looked_at_no_more(context, database, notices, clock):
    experiment_id, cell_ids = add_experiment(database)
    _end_all(database, cell_ids, *["completed"] * 4)
    advance_experiments(context)
    clock.now = LATER

    advance_experiments(context)

    assert _experiment(database, experiment_id).finished_at == NOW
    assert len(notices.published) == 1


def test_a_cancelled_experiment_becomes_cancelled_when_its_running_cell_returns(context, watch, database):
    experiment_id, cell_ids = add_experiment(database)
    claim = take(database, cell_ids[0])
    with database.write() as session:
        session.get_one(ExperimentRow, experiment_id).desired_state = "cancelled"
        cell_rows.cancel(session, experiment_id, now=NOW)
    conduct_round(context, watch)
    assert _experiment(database, experiment_id).state == "running"
    with database.write() as session:
        claims.release(session, claim, now=NOW)

    conduct_round(context, watch)

    assert cell_row(database, cell_ids[0]).state == "cancelled"
    assert _experiment(database, experiment_id).state == "cancelled"


def _lose_cells(database, experiment_id, keep):
    """Leave an experiment as if a later stage had not been planned yet."""
    with database.write() as session:
        for row in cell_rows.of_experiment(session, experiment_id):
            if row.width != keep:
                session.delete(row)


def test_the_next_cells_are_planned_when_a_stage_has_ended(context, watch, database, bell):
    experiment_id, _ = add_experiment(database)
    _lose_cells(database, experiment_id, keep=8)
    with database.read() as session:
        first = [row.id for row in cell_rows.of_experiment(session, experiment_id)]
    _end_all(database, first, "completed", "failed")

    conduct_round(context, watch)

    with database.read() as session:
        states = cell_rows.states_of(session, experiment_id)
    assert set(states) == {cell.id_in(experiment_id) for cell in full_grid(SPEC)}
    assert sorted(states.values()) == ["completed", "failed", "queued", "queued"]
    assert set(bell.rung[0]) == set(states) - set(first)


@pytest.mark.both_databases
def test_two_conductors_at_once_plan_nothing_twice(context, database):
    experiment_id, _ = add_experiment(database)
    _lose_cells(database, experiment_id, keep=0)
    assert advance_twice_at_once(context) == []

    with database.read() as session:
        states = cell_rows.states_of(session, experiment_id)
    assert set(states) == {cell.id_in(experiment_id) for cell in full_grid(SPEC)}
    assert set(states.values()) == {CellState.QUEUED}
    assert _experiment(database, experiment_id).state == "queued"


@pytest.mark.both_databases
def test_the_loop_outlives_an_outage_and_ends_when_told(context, monkeypatch):
    stop, wake = threading.Event(), threading.Event()
    rounds: list[int] = []

    def conduct_round(*_):
        rounds.append(len(rounds))
        wake.set()
        if len(rounds) == 1:
            raise Unavailable("database.unavailable", detail="gone")
        stop.set()

    monkeypatch.setattr(conductor, "conduct_round", conduct_round)
    monkeypatch.setattr(conductor, "LEAST_SECONDS_BETWEEN_ROUNDS", 0.0)

    conductor.run(context, stop, wake)

    assert rounds == [0, 1]
