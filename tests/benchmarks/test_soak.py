"""A soak is met by memory and files that stay as they were, over the whole time."""

from __future__ import annotations

import pytest

from benchmarks.rows.faults.soak import GOAL_MINUTES, Sample, judged

MIB = 2**20


def _samples(memory, files, minutes=GOAL_MINUTES, count=100):
    """Samples whose values grow from 0 to 1 with the share of the time that has passed."""
    shares = [index / (count - 1) for index in range(count)]
    return [Sample(minutes * at, {"web": memory(at)}, {"database": int(files(at))}) for at in shares]


def _flat(value):
    return lambda _at: value * MIB


def test_what_stays_as_it_was_is_flat():
    result = judged(_samples(_flat(80), _flat(9)), GOAL_MINUTES)

    assert (result.is_met, result.value) == (True, "+0.0%,0_files,480min")


def test_what_is_loaded_in_the_beginning_is_no_drift():
    result = judged(_samples(lambda at: (40 if at < 0.2 else 80) * MIB, _flat(9)), GOAL_MINUTES)

    assert result.is_met


@pytest.mark.parametrize(
    ("memory", "files"),
    [
        (lambda at: (80 + 20 * at) * MIB, _flat(9)),
        (lambda at: (80 - 20 * at) * MIB, _flat(9)),
        (_flat(80), lambda at: (9 + 20 * at) * MIB),
    ],
    ids=["memory grows", "memory shrinks", "a file grows"],
)
def test_any_drift_is_short(memory, files):
    assert not judged(_samples(memory, files), GOAL_MINUTES).is_met


def test_a_shorter_time_is_short_of_the_goal():
    assert not judged(_samples(_flat(80), _flat(9), minutes=20), 20).is_met


def test_too_few_experiments_say_nothing():
    assert not judged(_samples(_flat(80), _flat(9), count=2), GOAL_MINUTES).is_met
