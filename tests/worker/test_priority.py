"""Priority of training beside those who wait for a page."""

import os

import pytest

from muscope.worker import child


@pytest.mark.parametrize(("before", "expected"), [(0, 10), (10, 10), (15, 15)])
def test_training_gives_way_to_whoever_waits_for_an_answer(before, expected, monkeypatch):
    now = [before]

    def nice(more):
        now[0] += more
        return now[0]

    monkeypatch.setattr(os, "nice", nice)

    child.give_way()

    assert now == [expected]
