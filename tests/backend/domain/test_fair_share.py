"""Shares of owners who want more than there is, on a simulated clock."""

from __future__ import annotations

import heapq
import random
from datetime import UTC, datetime, timedelta

import pytest

from muscope.backend.domain.fair_share import Stint, by_need, common_start, seconds_used

START = datetime(2026, 11, 29, tzinfo=UTC)
HOUR = 3600.0


def simulate(
    lengths: dict[str, float], *, slots: int, hours: float, seed: int, come_at: dict[str, float] | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the slot-seconds of each owner, and the wait for the first cell of each.

    Owners have cells without end; a cell takes from half to one and a half times the owner's length.
    """
    draw = random.Random(seed)
    came = {owner: (come_at or {}).get(owner, 0.0) for owner in lengths}
    stints: list[tuple[str, datetime, datetime]] = []
    free = [0.0] * slots
    first: dict[str, float] = {}
    while free[0] < hours * HOUR:
        second = heapq.heappop(free)
        now = START + timedelta(seconds=second)
        waiting = {owner: START + timedelta(seconds=at) for owner, at in came.items() if at <= second}
        begun = [each for each in stints if each[1] <= now]
        seen = [Stint(name, start, end if end <= now else None) for name, start, end in begun]
        is_running = {
            name: sum(each.owner_id == name and each.end is None for each in seen) for name in waiting
        }
        used = seconds_used(seen, common_start(waiting), now)
        owner = by_need(waiting, used, is_running, "thorough")[0]
        first.setdefault(owner, second - came[owner])
        end = second + lengths[owner] * draw.uniform(0.5, 1.5)
        stints.append((owner, now, START + timedelta(seconds=end)))
        heapq.heappush(free, end)
    last = START + timedelta(hours=hours)
    return seconds_used([Stint(*each) for each in stints], START, last), first


@pytest.mark.parametrize("slots", [1, 2])
@pytest.mark.parametrize("seed", [0, 1])
def test_owners_of_long_and_of_short_cells_get_shares_within_a_tenth_of_fair(slots: int, seed: int):
    used, _ = simulate({"thorough": 300.0, "quick": 60.0, "middle": 120.0}, slots=slots, hours=6, seed=seed)

    fair = sum(used.values()) / 3
    assert all(abs(each - fair) <= 0.1 * fair for each in used.values()), used


def test_first_come_first_served_would_give_one_owner_everything():
    stints = [Stint("thorough", START, START + timedelta(hours=8))]

    assert seconds_used(stints, START, START + timedelta(hours=8)) == {"thorough": 8 * HOUR}


def test_a_quick_one_waits_for_one_cell_of_the_thorough_one_at_most():
    _, first = simulate({"thorough": 100.0, "quick": 5.0}, slots=1, hours=2, seed=2, come_at={"quick": HOUR})

    assert first["quick"] <= 150.0


def test_nobody_pays_for_what_was_used_while_nobody_waited():
    waiting = {"early": START, "late": START + timedelta(hours=2)}
    stints = [Stint("early", START, START + timedelta(hours=2, seconds=10)), Stint("late", START, None)]

    used = seconds_used(stints, common_start(waiting), START + timedelta(hours=2, seconds=30))

    assert used == {"early": 10.0, "late": 30.0}


def test_equals_are_served_in_the_order_of_their_messages():
    assert by_need(["a", "b"], {}, {}, "b") == ["b", "a"]
    assert by_need(["a", "b"], {}, {"b": 1}, "b") == ["a", "b"]
