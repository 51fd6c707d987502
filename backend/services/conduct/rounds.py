"""Round of the conductor. Every step is idempotent, so any number of conductors may run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims
from muscope.backend.db.claims import Claim, ClaimLost
from muscope.backend.db.connection.session import MOST_LOG_BYTES, Session
from muscope.backend.db.machines.holders import give_back_of_ended
from muscope.backend.db.machines.pulses import Pulse, pulses
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.services.conduct.advance import LastSnapshots, advance_experiments
from muscope.backend.services.conduct.checkpoints import sweep_checkpoints
from muscope.backend.services.context import Context
from muscope.backend.services.uploads.sweep import sweep_uploads
from muscope.backend.services.workers import fresh_workers, queue_to_ring

log = logging.getLogger(__name__)

# Cells a round rings for at most; the rest follow as the queue empties.
MOST_RINGS = 100


class PulseWatch:
    """Detector of running cells without a heartbeat for a lease, by this process's monotonic clock.

    Only a counter that stands still counts, never a wall-clock time of the worker, so clock jumps on either
    side expire nothing (docs/reliability.md §2).
    """

    def __init__(self, *, lease_seconds: float, monotonic: Callable[[], float]) -> None:
        self._lease_seconds = lease_seconds
        self._monotonic = monotonic
        self._first_seen: dict[Pulse, float] = {}

    def stale(self, pulses: list[Pulse]) -> list[Pulse]:
        """Return the pulses unchanged for at least one lease."""
        now = self._monotonic()
        self._first_seen = {pulse: self._first_seen.get(pulse, now) for pulse in pulses}
        return [pulse for pulse in pulses if now - self._first_seen[pulse] >= self._lease_seconds]


def conduct_round(context: Context, watch: PulseWatch, last: LastSnapshots | None = None) -> None:
    """Run one round over all experiments: expire, cancel, advance, ring; then tidy up."""
    expire_lost_cells(context, watch)
    settle_cancellations(context)
    advance_experiments(context, last)
    ring_again(context)
    sweep_uploads(context)
    sweep_checkpoints(context.database, context.blobs)
    context.database.shorten_log(MOST_LOG_BYTES)


def expire_lost_cells(context: Context, watch: PulseWatch) -> None:
    """Put cells of lost workers back into the queue, or fail them when they were lost too often.

    Those of a dead process of this machine need not wait for the end of its lease.
    """
    with context.database.read() as session:
        running = pulses(session)
    for pulse, became in give_back_of_ended(context.database, running, now=context.now()):
        log.warning(
            "cell %s was held by %s, which has ended; it is now %s", pulse.cell_id, pulse.owner, became
        )
    for pulse in watch.stale(running):
        with context.database.write() as session:
            state = _expire(context, session, pulse)
        if state is not None:
            log.warning("cell %s fell silent and is now %s", pulse.cell_id, state)


def seconds_to_next_round(context: Context) -> float:
    """Return how long nothing is due: until the delay of a failed cell ends, and a usual round at most."""
    now = context.now()
    with context.database.read() as session:
        due = cell_rows.next_due(session, now=now)
    usual = context.settings.conductor_seconds
    return usual if due is None else min(usual, (due - now).total_seconds())


def _expire(context: Context, session: Session, pulse: Pulse) -> CellState | None:
    try:
        return claims.expire(
            session,
            Claim(pulse.cell_id, pulse.fence),
            seen_count=pulse.heartbeat_count,
            now=context.now(),
            retry_delay=timedelta(seconds=context.settings.retry_delay_seconds),
        )
    except ClaimLost:
        return None


def settle_cancellations(context: Context) -> None:
    """End cells that returned to the queue after their owner had cancelled them."""
    with context.database.read() as session:
        if not cell_rows.has_requeued(session):
            return
    with context.database.write() as session:
        cell_rows.cancel_requeued(session, now=context.now())


def ring_again(context: Context) -> None:
    """Ring for queued cells no worker has claimed, unless earlier messages are still waiting in the queue.

    Only the queue that workers listen to now counts; messages in the queue of a device that is gone are
    ignored.
    """
    with context.database.read() as session:
        queue = queue_to_ring(fresh_workers(context, session))
    if context.bell.num_waiting(queue=queue) != 0:
        return
    now = context.now()
    overdue = now - timedelta(seconds=context.settings.ring_again_seconds)
    with context.database.read() as session:
        cell_ids = cell_rows.to_ring(session, now=now, dispatched_before=overdue, most=MOST_RINGS)
    if cell_ids and context.bell.ring(cell_ids, queue=queue):
        with context.database.write() as session:
            cell_rows.mark_dispatched(session, cell_ids, now=now)
        log.info("rang on %s for %d waiting cells", queue, len(cell_ids))
