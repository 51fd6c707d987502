import pytest

from muscope.worker.node.crowding import Crowding


def _after(minutes, *, load, num_training, slots=2, cores=2):
    crowding = Crowding(slots=slots, cores=cores, every_seconds=10)
    for _ in range(6 * minutes):
        factor = crowding.look(load, num_training)
    return factor


def test_an_idle_machine_and_its_own_training_crowd_nobody():
    assert _after(10, load=0.0, num_training=0) == 1
    assert _after(10, load=2.0, num_training=2) == pytest.approx(1, abs=0.01)


def test_neighbours_take_their_part_of_the_cores():
    assert _after(10, load=2.0, num_training=0) == pytest.approx(2)
    assert _after(10, load=3.0, num_training=2) == pytest.approx(1.5, abs=0.01)


def test_free_cores_take_neighbours_first():
    assert _after(10, load=4.0, num_training=0, slots=2, cores=8) == 1
    assert _after(10, load=12.0, num_training=0, slots=2, cores=8) == pytest.approx(14 / 8)


def test_more_slots_than_cores_are_no_neighbours():
    assert _after(10, load=0.0, num_training=0, slots=4, cores=2) == 1
