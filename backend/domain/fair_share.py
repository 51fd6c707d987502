"""Fair share of the workers: first comes the owner who has had least of them since all were waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple


class Stint(NamedTuple):
    """Time that a worker spends on a cell of one owner; `end` is None while it lasts."""

    owner_id: str
    start: datetime
    end: datetime | None


def common_start(waiting: Mapping[str, datetime]) -> datetime:
    """Return the moment since which everybody who waits has waited.

    Nobody pays for what was used while nobody else wanted it, and nobody saves up what was not used.

    Args:
        waiting: by owner, the time from which the owner has waited without a break.
    """
    return max(waiting.values())


def seconds_used(stints: Iterable[Stint], since: datetime, now: datetime) -> dict[str, float]:
    """Return the slot-seconds that each owner has had since a moment."""
    used: dict[str, float] = {}
    for owner_id, start, end in stints:
        seconds = ((end or now) - max(start, since)).total_seconds()
        used[owner_id] = used.get(owner_id, 0.0) + max(seconds, 0.0)
    return used


def by_need(
    waiting: Iterable[str], used: Mapping[str, float], running: Mapping[str, int], rung_for: str | None
) -> list[str]:
    """Return the owners who wait, the one to be served first; equals in the order of their messages.

    Args:
        used: slot-seconds by owner.
        running: cells that train now, by owner.
        rung_for: owner of the cell that the worker's message names.
    """
    return sorted(waiting, key=_need(used, running, rung_for))


def neediest(
    waiting: Iterable[str], used: Mapping[str, float], running: Mapping[str, int], rung_for: str | None
) -> str:
    """Return the first of `by_need`."""
    return min(waiting, key=_need(used, running, rung_for))


def _need(
    used: Mapping[str, float], running: Mapping[str, int], rung_for: str | None
) -> Callable[[str], tuple[float, int, bool, str]]:
    return lambda each: (used.get(each, 0.0), running.get(each, 0), each != rung_for, each)
