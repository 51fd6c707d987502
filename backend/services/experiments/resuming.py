"""Continuation of a cancelled experiment: what was computed stays, what was not is queued again.

A continued experiment plans, trains and judges as one that was never cancelled: cells, seeds and the parts
of the protocol are those of its definition, and chunks that are stored already are written once.
"""

from __future__ import annotations

from uuid import UUID

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, DesiredState, ExperimentState
from muscope.backend.errors import Conflict
from muscope.backend.events import ProgressNotice
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.store import require_quota
from muscope.backend.services.lookup import is_open, lock_experiment
from muscope.backend.services.workers import fresh_workers, queue_to_ring
from muscope.backend.storage.disk import require_room_to_start


def resume_experiment(context: Context, owner_id: str, experiment_id: UUID) -> bool:
    """Let a cancelled experiment go on; return whether this request opened it.

    Repeatable: one that goes on already stays as it is. Raises NotFound; Conflict while it still stops, if it
    was not cancelled, without its data, or where its owner has too many open ones; StorageFull.
    """
    with context.database.write() as session:
        experiment = lock_experiment(session, owner_id, experiment_id)
        if experiment.state in OPEN_EXPERIMENT_STATES and experiment.desired_state == DesiredState.RUN:
            return False
        _require_resumable(context, session, experiment)
        cell_ids = claims.queue_cancelled(session, experiment_id)
        experiment_rows.resume(experiment)
        cell_rows.mark_dispatched(session, cell_ids, now=context.now())
        queue = queue_to_ring(fresh_workers(context, session))
    context.bell.ring(cell_ids, queue=queue)
    context.notices.publish(ProgressNotice(experiment_id))
    return True


def _require_resumable(context: Context, session: Session, experiment: ExperimentRow) -> None:
    """Raise Conflict, naming why, where an experiment cannot go on."""
    name = experiment.name
    if is_open(session, experiment):
        raise Conflict("experiment.still_stopping", name=name)
    if experiment.state != ExperimentState.CANCELLED:
        raise Conflict("experiment.not_cancelled", name=name, state=experiment.state)
    if not context.blobs.exists(experiment.spec.dataset_sha256):
        raise Conflict("experiment.without_data", name=name)
    require_quota(context, session, experiment.owner_id)
    require_room_to_start(context.settings.data_folder)
