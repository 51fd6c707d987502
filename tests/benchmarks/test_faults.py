"""A row of faults is met by identical exports alone."""

from __future__ import annotations

import random

import pytest

from benchmarks.rows.faults import clock, network
from benchmarks.rows.faults.fault_lab import Lab, Outcome, num_faults
from benchmarks.rows.faults.kills import disturbed_in_turn, judged
from tests.servers.proxy import Fault
from tests.system.production.compose import DISTANT

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


class QuietLab(Lab):
    """Lab without a stack: notes what it is asked to do, and when."""

    def __init__(self):
        self.random, self.seconds, self.undisturbed = random.Random(1), 20.0, SAME
        self.asked: list[tuple[str, float]] = []

    def outcome(self, fault, disturb, *, at_seconds):
        disturb()
        self.asked.append((fault, at_seconds))
        return Outcome(fault, SAME, 1.0)


def test_a_series_in_pieces_has_the_victims_and_moments_of_the_whole(monkeypatch):
    def asked(first, count):
        lab = QuietLab()
        monkeypatch.setenv("FIRST", str(first))
        monkeypatch.setenv("FAULTS", str(count))
        disturbed_in_turn(lab, {"web": lambda: None, "worker": lambda: None, "broker": lambda: None}, 40)
        return lab.asked

    whole = asked(0, 7)

    assert [fault for fault, _ in whole] == ["web", "worker", "broker", "web", "worker", "broker", "web"]
    assert asked(0, 2) + asked(2, 5) == whole


def test_a_clock_stands_where_it_stood_after_every_round_of_faults(tmp_path):
    wall = clock.Clock(tmp_path / "offset", tmp_path / "library.so")
    told = []
    for seconds in clock.STEPS_SECONDS.values():
        wall.set_by(seconds)
        told.append((tmp_path / "offset").read_text())

    assert told == ["+3600\n", "+0\n", "+86400\n", "+0\n"]


def test_every_disturbance_of_every_service_in_a_network_is_a_fault():
    assert set(network.FAULTS) == set(Fault)
    assert set(network.SERVICES) == set(DISTANT)
