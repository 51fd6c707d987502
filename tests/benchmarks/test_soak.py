"""A soak is met by memory and files that stay as they were, over the whole time."""

from __future__ import annotations

import pytest

from benchmarks.rows.faults.soak import GOAL_EXPERIMENTS, GOAL_HOURS, Sample, judged

MIB = 2**20


def _samples(memory, files, count=100, group="database"):
    """Samples whose values grow from 0 to 1 with the share of the time that has passed."""
    shares = [index / (count - 1) for index in range(count)]
    return [Sample(GOAL_HOURS * at, {"web": memory(at)}, {group: int(files(at))}) for at in shares]


def _judged(samples, hours=GOAL_HOURS, experiments=GOAL_EXPERIMENTS):
    return judged(samples, hours, experiments)


def _flat(value):
    return lambda _at: value * MIB


def test_what_stays_as_it_was_is_flat():
    result = _judged(_samples(_flat(80), _flat(9)))

    assert (result.is_met, result.value) == (True, "+0.0%,0_files,8h,480")


def test_what_is_loaded_in_the_beginning_is_no_drift():
    result = _judged(_samples(lambda at: (40 if at < 0.2 else 80) * MIB, _flat(9)))

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
    assert not _judged(_samples(memory, files)).is_met


def test_logs_may_grow_to_their_bound_and_no_further():
    within, beyond = (
        _judged(_samples(_flat(80), lambda at, most=most: most * at * MIB, group="logs"))
        for most in (70, 140)
    )

    assert (within.is_met, beyond.is_met) == (True, False)


def test_less_work_than_eight_hours_of_it_is_short():
    samples = _samples(_flat(80), _flat(9))

    assert not _judged(samples, hours=GOAL_HOURS / 2).is_met
    assert not _judged(samples, experiments=GOAL_EXPERIMENTS - 1).is_met


def test_too_few_samples_say_nothing():
    assert not _judged(_samples(_flat(80), _flat(9), count=2)).is_met
