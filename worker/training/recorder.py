"""Writes a cell's windows, each in one fenced transaction, and publishes a notice after each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import claims, metrics
from muscope.backend.db.claims import Claim
from muscope.backend.db.connection.session import Database, Session
from muscope.backend.db.metrics import Chunk
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.spec.metrics import Schedule
from muscope.backend.errors import Unavailable
from muscope.backend.events import Notices, ProgressNotice
from muscope.worker.numerics.program import Window

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5
T = TypeVar("T")


class Recorder:
    """Writes the windows of one claimed cell. Every write raises ClaimLost once the claim is gone."""

    def __init__(
        self,
        database: Database,
        notices: Notices,
        claim: Claim,
        *,
        about: ProgressNotice,
        schedule: Schedule,
        tail_steps: int,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._database = database
        self._notices = notices
        self._claim = claim
        self._about = about
        self._schedule = schedule
        self._tail_from = schedule.num_steps - tail_steps + 1
        self._now = now
        self._sleep = sleep
        self._stored_to = -1

    def begin(self, environment: dict[str, str], tensors: list[dict[str, Any]]) -> None:
        """Record where the cell runs and with which effective constants."""

        def write(session: Session) -> None:
            claims.advance_step(session, self._claim, step=-1)  # moves nothing; raises without the claim
            cell_rows.record_environment(session, self._claim.cell_id, environment)
            cell_rows.record_tensors(session, self._claim.cell_id, tensors)

        self._write(write)

    def append(self, window: Window) -> None:
        """Store a window; one stored before by an earlier attempt is compared and left."""
        chunks = [
            Chunk(metric, window.first_step, self._schedule.metric_steps(metric, window.first_step), values)
            for metric, values in window.values.items()
        ]
        rows = metrics.rows_of(self._claim.cell_id, chunks, tail_from=self._tail_from)
        diverged = {run: step for run, step in enumerate(window.diverged_at) if step is not None}

        def write(session: Session) -> list[Chunk]:
            before = window.first_step - 1
            claims.advance_step(session, self._claim, step=window.last_step, after=before)
            different = metrics.append(session, rows)
            metrics.mark_diverged(session, self._claim.cell_id, diverged)
            if different:
                metrics.mark_nondeterminism(session, self._claim.cell_id)
            return different

        for chunk in self._write(write):
            log.error("%s at step %d was recomputed differently", chunk.metric, chunk.first_step)
        self._stored_to = window.last_step

    def finish(self) -> None:
        """Complete the cell, once."""

        def write(session: Session) -> None:
            claims.finish(session, self._claim, CellState.COMPLETED, now=self._now(), after=self._stored_to)

        self._write(write)

    def _write(self, write: Callable[[Session], T]) -> T:
        """Run one transaction; while the database is away, wait: the supervisor decides for how long."""
        while True:
            try:
                with self._database.write() as session:
                    result = write(session)
                break
            except Unavailable as error:
                log.warning("waiting for the database: %s", error)
                self._sleep(RETRY_SECONDS)
        self._notices.publish(self._about)
        return result
