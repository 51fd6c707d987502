"""Retention once a day, by the conductor."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from muscope.backend.services.accounts.audit import Actor
from muscope.backend.services.context import Context
from muscope.backend.services.retention.applying import delete_expired
from muscope.backend.services.retention.finding import Rule

log = logging.getLogger(__name__)

CONDUCTOR = Actor("conductor", "this host")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Between the two clocks in an hour; after a sleep of the machine they are looked at an hour later.
LARGEST_JUMP = timedelta(minutes=5)


class DailyRetention:
    """Timer of one conductor; several may run, since a thing is deleted once.

    Age needs the wall clock, and one that jumped ahead would make everything old. So nothing is deleted
    before both clocks have agreed for an hour, the first included, and again a day after the last time.
    """

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._seen: tuple[datetime, float] | None = None
        self._next_at = 0.0

    def run_if_due(self, context: Context) -> bool:
        """Delete what is older than the setting says where it is time to; return whether it was."""
        days = context.settings.keep_days
        if days is None or not self._do_clocks_agree(context.now()) or self._monotonic() < self._next_at:
            return False
        self._next_at = self._monotonic() + DAY.total_seconds()
        delete_expired(context, CONDUCTOR, Rule(before=context.now() - days * DAY))
        return True

    def _do_clocks_agree(self, now: datetime) -> bool:
        """Compare the clocks once an hour; return whether they went on alike since the last time."""
        ticks = self._monotonic()
        if self._seen is None:
            self._seen = now, ticks
            return False
        elapsed = timedelta(seconds=ticks - self._seen[1])
        if elapsed < HOUR:
            return False
        difference = (now - self._seen[0]) - elapsed
        self._seen = now, ticks
        if abs(difference) > LARGEST_JUMP:
            log.warning("the clock was changed by %s: nothing is deleted for its age yet", difference)
        return abs(difference) <= LARGEST_JUMP
