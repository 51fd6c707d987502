"""Supervises one cell: claims it, has a training child train it, and keeps the claim alive.

The heart beats here, outside the training, so that a hang cannot fake life and a busy training cannot miss a
beat. What the child's end means is decided here and recorded under the fence (docs/reliability.md §2).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from muscope.backend import logs
from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims
from muscope.backend.db.accounts import fair_claims
from muscope.backend.db.claims import Claim, ClaimLost
from muscope.backend.db.connection.session import Database
from muscope.backend.domain.lifecycle import CellState, DesiredState, FailureClass
from muscope.backend.errors import Unavailable
from muscope.backend.events import Notices, ProgressNotice
from muscope.backend.settings import Settings
from muscope.worker.messages import Event, Reply, Request
from muscope.worker.node import fitness
from muscope.worker.node.own_model import OwnModel, own_model_of
from muscope.worker.node.training_process import TrainingProcess

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2


class Ending(StrEnum):
    """Ways a supervision ends."""

    NOT_CLAIMED = "not_claimed"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RELEASED = "released"
    LOST = "lost"


@dataclass(frozen=True)
class SupervisorContext:
    """Connections and settings of a supervision; its clocks and the request to stop are functions."""

    settings: Settings
    database: Database
    notices: Notices
    owner: str
    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    is_stopping: Callable[[], bool]
    held: Callable[[], frozenset[str]] = frozenset  # hashes of the brought models on this machine


def supervise(cell_id: UUID, child: TrainingProcess, context: SupervisorContext) -> Ending:
    """Claim a cell and see it through; a message that comes when nothing waits claims nothing."""
    held = context.held()  # files are read and hashed, so before the transaction
    with context.database.read() as session:
        first = fair_claims.likely(session, cell_id, now=context.now())
    if first is None:
        return Ending.NOT_CLAIMED
    with context.database.write() as session:
        claim = fair_claims.claim_next(
            session, first, cell_id, owner=context.owner, now=context.now(), held=held
        )
        cell = cell_rows.get(session, claim.cell_id) if claim else None
        own = own_model_of(session, cell) if cell else None
    if claim is None or cell is None:
        return Ending.NOT_CLAIMED
    cell_id = claim.cell_id
    about = ProgressNotice(cell.experiment_id, cell_id)
    context.notices.publish(about)
    patience = max(context.settings.stall_seconds, cell.predicted_seconds)
    with logs.about(experiment_id=cell.experiment_id, cell_id=cell_id):
        ending = _Supervision(claim, child, context, patience, own).run()
        context.notices.publish(about)
        log.info("cell %s: %s", cell_id, ending)
    return ending


class _Supervision:
    """One claim from the request to its end."""

    def __init__(
        self,
        claim: Claim,
        child: TrainingProcess,
        context: SupervisorContext,
        patience_seconds: float,
        own: OwnModel | None,
    ) -> None:
        self._own = own
        self._claim = claim
        self._child = child
        self._context = context
        self._patience_seconds = patience_seconds
        self._last_beat = self._last_try = self._last_progress = context.monotonic()
        self._cancelled_at: float | None = None

    def run(self) -> Ending:
        request = Request(cell_id=self._claim.cell_id, fence=self._claim.fence)
        self._child.send(request, own_code=self._own.sha256 if self._own else None)
        while True:
            reply = self._child.receive(wait_seconds=POLL_SECONDS)
            if reply is not None and reply.event is Event.UNFIT:
                fitness.declare_unfit(reply.detail)
                return self._give_back()
            if reply is not None and reply.cell_id == self._claim.cell_id:
                ending = self._on_reply(reply)
            else:
                ending = self._on_silence()
            if ending is not None:
                return ending

    def _on_reply(self, reply: Reply) -> Ending | None:
        match reply.event:
            case Event.WINDOW:
                self._last_progress = self._context.monotonic()
                # A cell with short windows is never silent; it must be let go all the same.
                return self._release_if_stopping() or self._beat_if_due()
            case Event.COMPLETED:
                return Ending.COMPLETED
            case Event.LOST:
                return self._after_lost_claim()
            case Event.FAILED:
                self._child.kill()
                return self._fail(reply.failure or FailureClass.CODE, reply.detail)
            case Event.READY | Event.UNFIT:
                return None

    def _on_silence(self) -> Ending | None:
        now = self._context.monotonic()
        if released := self._release_if_stopping():
            return released
        if self._child.exit_code is not None:
            failure = self._after_end(self._child.exit_code)
            self._child.kill()
            return self._fail(*failure)
        grace = self._context.settings.cancel_grace_seconds
        if self._cancelled_at is not None and now - self._cancelled_at > grace:
            self._child.kill()
            return self._after_lost_claim()
        if now - self._last_progress > self._patience_seconds:
            self._child.kill()
            return self._fail(*self._stalled())
        return self._beat_if_due()

    def _after_end(self, exit_code: int) -> tuple[FailureClass, str]:
        """Return why the child ended; a file is to blame only where the child was there before it."""
        of_file = self._own.after_end(exit_code) if self._own and self._child.is_ready else None
        return of_file or self._child.failure()

    def _stalled(self) -> tuple[FailureClass, str]:
        if self._own:
            return self._own.after_silence(self._patience_seconds)
        return FailureClass.STALLED, f"no progress for {self._patience_seconds:g} s"

    def _beat_if_due(self) -> Ending | None:
        now = self._context.monotonic()
        settings = self._context.settings
        if now - self._last_try < settings.heartbeat_seconds:
            return None
        self._last_try = now
        try:
            with self._context.database.write() as session:
                desired = claims.beat(session, self._claim, now=self._context.now())
        except Unavailable as error:
            log.warning("heartbeat missed: %s", error)
            # The failed try itself took time.
            if self._context.monotonic() - self._last_beat > settings.heartbeat_give_up_seconds:
                # Our lease is about to end: stop writing before somebody else starts.
                self._child.kill()
                return Ending.LOST
            return None
        self._last_beat = now
        if desired is None:
            self._child.kill()
            return Ending.LOST
        if desired is DesiredState.CANCELLED and self._cancelled_at is None:
            self._cancelled_at = now
        return None

    def _after_lost_claim(self) -> Ending:
        """The child could not write: the cell was cancelled, somebody else has it, or writes were lost."""
        now = self._context.now()
        with self._context.database.write() as session:
            desired = claims.beat(session, self._claim, now=now)
            if desired is DesiredState.CANCELLED:
                claims.finish(session, self._claim, CellState.CANCELLED, now=now)
                return Ending.CANCELLED
            if desired is DesiredState.RUN:
                log.error("the database has lost steps that it had confirmed; they are computed again")
                claims.release(session, self._claim, now=now)
                return Ending.RELEASED
        return Ending.LOST

    def _fail(self, failure: FailureClass, detail: str) -> Ending:
        log.error("cell %s: %s: %s", self._claim.cell_id, failure, detail)
        delay = timedelta(seconds=self._context.settings.retry_delay_seconds)
        try:
            with self._context.database.write() as session:
                now = self._context.now()
                claims.fail(session, self._claim, failure, detail, now=now, retry_delay=delay)
        except ClaimLost:
            return Ending.LOST
        return Ending.FAILED

    def _release_if_stopping(self) -> Ending | None:
        return self._give_back() if self._context.is_stopping() else None

    def _give_back(self) -> Ending:
        """Let others have the cell, without a failure of its own."""
        self._child.kill()
        try:
            with self._context.database.write() as session:
                claims.release(session, self._claim, now=self._context.now())
        except ClaimLost:
            return Ending.LOST
        return Ending.RELEASED
