"""What the conductor does each round. Every step is idempotent, so any number of conductors may run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from backend.db import cells as cell_rows
from backend.db import claims
from backend.db import datasets as dataset_rows
from backend.db import experiments as experiment_rows
from backend.db import verdicts as verdict_rows
from backend.db.cells import Pulse
from backend.db.claims import Claim, ClaimLost
from backend.db.session import Session
from backend.db.tables import ExperimentRow
from backend.domain.experiment import ExperimentSpec
from backend.domain.lifecycle import CellState, DesiredState, ExperimentState
from backend.domain.protocol import Add, Done
from backend.domain.verdict import Verdict
from backend.events import ProgressNotice
from backend.services.context import Context
from backend.services.planning import cost, decide
from backend.services.verdicts import final_verdicts
from backend.services.workers import fresh_workers, queue_to_ring, workplace

log = logging.getLogger(__name__)

# One round rings for at most this many cells; the rest follow as the queue empties.
MOST_RINGS = 100


class PulseWatch:
    """Tells which running cells have shown no life for a lease, by our own monotonic clock.

    A counter that stands still is judged, never a wall-clock time of the worker's, so clock jumps on either
    side expire nothing (reliability.md §2).
    """

    def __init__(self, *, lease_seconds: float, monotonic: Callable[[], float]) -> None:
        self._lease_seconds = lease_seconds
        self._monotonic = monotonic
        self._first_seen: dict[Pulse, float] = {}

    def stale(self, pulses: list[Pulse]) -> list[Pulse]:
        """Return the pulses unchanged since at least one lease."""
        now = self._monotonic()
        self._first_seen = {pulse: self._first_seen.get(pulse, now) for pulse in pulses}
        return [pulse for pulse in pulses if now - self._first_seen[pulse] >= self._lease_seconds]


def conduct_round(context: Context, watch: PulseWatch) -> None:
    """Expire, cancel, advance, ring: one look at everything that may need it."""
    expire_lost_cells(context, watch)
    settle_cancellations(context)
    advance_experiments(context)
    ring_again(context)


def expire_lost_cells(context: Context, watch: PulseWatch) -> None:
    """Put cells whose worker fell silent back into the queue, or fail them when they were lost too often."""
    with context.database.read() as session:
        pulses = cell_rows.pulses(session)
    for pulse in watch.stale(pulses):
        with context.database.write() as session:
            state = _expire(context, session, pulse)
        if state is not None:
            log.warning("cell %s fell silent and is now %s", pulse.cell_id, state)


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
    with context.database.write() as session:
        cell_rows.cancel_requeued(session, now=context.now())


def advance_experiments(context: Context) -> None:
    """For every experiment whose stage has ended, plan the next cells or close it."""
    with context.database.read() as session:
        experiment_ids = experiment_rows.with_nothing_open(session)
    for experiment_id in experiment_ids:
        verdicts = _judge_if_done(context, experiment_id)
        with context.database.write() as session:
            experiment = experiment_rows.lock_open(session, experiment_id)
            if experiment is not None:
                _advance(context, session, experiment, verdicts)
        context.notices.publish(ProgressNotice(experiment_id))


def _judge_if_done(context: Context, experiment_id: UUID) -> list[Verdict] | None:
    """Judge an experiment that nothing is left to run of, before the short transaction that closes it."""
    with context.database.read() as session:
        experiment = session.get(ExperimentRow, experiment_id)
        if experiment is None or experiment.desired_state == DesiredState.CANCELLED:
            return None
        place = workplace(context, fresh_workers(context, session))
        if not isinstance(decide(context, session, experiment, place), Done):
            return None
        return final_verdicts(session, experiment)


def _advance(
    context: Context, session: Session, experiment: ExperimentRow, verdicts: list[Verdict] | None
) -> None:
    if cell_rows.num_open(session, experiment.id) > 0:
        return  # another conductor planned the next cells since we looked
    if experiment.desired_state == DesiredState.CANCELLED:
        experiment_rows.end(session, experiment.id, ExperimentState.CANCELLED, now=context.now())
        return
    place = workplace(context, fresh_workers(context, session))
    decision = decide(context, session, experiment, place)
    if isinstance(decision, Add):
        spec = ExperimentSpec.model_validate(experiment.spec)
        shape = dataset_rows.shape_of(session, experiment.dataset_id)
        cell_rows.plan(session, experiment.id, cost(spec, shape, decision.cells, place))
    elif verdicts is not None:  # else it was not done when we looked: the next round closes it
        for verdict in verdicts:
            verdict_rows.add(session, experiment.id, verdict, now=context.now())
        states = cell_rows.states_of(session, experiment.id)
        experiment_rows.end(session, experiment.id, _final_state(states), now=context.now())


def _final_state(states: dict[UUID, CellState]) -> ExperimentState:
    has_result = CellState.COMPLETED in states.values()
    return ExperimentState.COMPLETED if has_result else ExperimentState.FAILED


def ring_again(context: Context) -> None:
    """Ring for queued cells nobody came for; not while earlier messages still wait to be taken.

    Only the queue that is heard now counts: what waits in that of a device that is gone holds nothing up.
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
