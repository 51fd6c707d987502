"""A row of faults is met by identical exports alone."""

from __future__ import annotations

import pytest

from benchmarks.fault_lab import Outcome, num_faults
from benchmarks.rows.product.faults import judged

SAME = "same"


def _outcomes(count, fault="worker", sha256=SAME, silent_seconds=3.0):
    return [Outcome(fault, sha256, silent_seconds)] * count


def test_as_many_identical_exports_as_the_goal_are_met():
    result = judged(SAME, _outcomes(4), 4, 20.0)

    assert (result.value, result.goal, result.is_met) == ("4_of_4,3s", "4_of_4,20s", True)


@pytest.mark.parametrize(
    "outcomes",
    [
        _outcomes(3),
        _outcomes(3) + _outcomes(1, sha256="other"),
        _outcomes(3) + _outcomes(1, sha256=""),
        _outcomes(3) + _outcomes(1, silent_seconds=21.0),
    ],
    ids=["too few were tried", "another export", "it did not complete", "too long without a step"],
)
def test_anything_else_is_short(outcomes):
    assert not judged(SAME, outcomes, 4, 20.0).is_met


def test_an_undisturbed_run_that_failed_is_no_oracle():
    assert not judged("", _outcomes(4, sha256=""), 4, None).is_met


def test_faults_are_told_apart_in_the_table():
    result = judged(SAME, _outcomes(2) + _outcomes(1, fault="broker", sha256="other"), 3, None)

    assert result.table[1:] == [["worker", "2 of 2", "3 s"], ["broker", "0 of 1", "3 s"]]


def test_the_environment_says_how_many_faults_are_tried(monkeypatch):
    monkeypatch.setenv("FAULTS", "3")
    assert num_faults(40) == 3
    monkeypatch.setenv("FAULTS", "")
    assert num_faults(40) == 40
