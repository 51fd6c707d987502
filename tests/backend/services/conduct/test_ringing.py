"""Bells of a round: the cells it rings for, where, and how often."""

from datetime import timedelta

import pytest

from muscope.backend.services.conduct import rounds as conductor_rounds
from tests.backend.db.stores import NOW, add_experiment, add_worker, cell_row, change_cell
from tests.backend.domain.specs import spec


@pytest.mark.parametrize("waiting", [3, None], ids=["messages wait", "broker away"])
def test_nobody_rings_while_messages_wait_or_the_broker_is_away(waiting, context, database, bell):
    add_experiment(database)
    bell.waiting = waiting

    conductor_rounds.ring_again(context)

    assert bell.rung == []


def test_a_cell_is_rung_again_only_after_a_while(context, database, bell, clock):
    _, cell_ids = add_experiment(database)
    for cell_id in cell_ids[1:]:
        change_cell(database, cell_id, state="completed")

    rings = []
    for after in (0, 15, 15.1, 30, 30.2):
        clock.now = NOW + timedelta(seconds=after)
        conductor_rounds.ring_again(context)
        rings.append(len(bell.rung))

    assert rings == [1, 1, 2, 2, 3]
    assert bell.rung[0] == [cell_ids[0]]


def test_a_bell_that_is_not_heard_does_not_count_as_rung(context, database, bell):
    _, cell_ids = add_experiment(database)
    bell.hears = False

    conductor_rounds.ring_again(context)

    assert cell_row(database, cell_ids[0]).dispatched_at is None


def test_one_round_rings_for_a_limited_number(context, database, bell):
    add_experiment(database, spec(widths=tuple(range(8, 68)), seeds=(0,)))

    conductor_rounds.ring_again(context)

    assert [len(rung) for rung in bell.rung] == [conductor_rounds.MOST_RINGS]


def _show_gpu(database, now):
    add_worker(
        database,
        "cuda-0@host",
        now=now,
        device="cuda",
        flops_per_second=1e13,
        seconds_per_run_step=1e-6,
    )


def test_cells_are_rung_for_where_somebody_hears_and_follow_when_a_gpu_comes_or_goes(
    context, database, bell, clock
):
    add_experiment(database)
    for minutes, gpu_is_there in enumerate((False, True, True, False)):
        clock.now = NOW + timedelta(minutes=2 * minutes)
        if gpu_is_there:
            _show_gpu(database, clock.now)
        conductor_rounds.ring_again(context)

    assert bell.queues == ["cpu", "gpu", "gpu", "cpu"]


def test_messages_that_wait_where_nobody_hears_hold_nothing_up(context, database, bell):
    add_experiment(database)
    bell.waiting_in = {"gpu": 4, "cpu": 0}

    conductor_rounds.ring_again(context)

    assert bell.queues == ["cpu"]
