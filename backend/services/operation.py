"""Figures by which an operator sees how the whole system is doing."""

from __future__ import annotations

from dataclasses import dataclass

from muscope.backend.db.counts import cells_by_state
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.services.context import Context
from muscope.backend.services.workers import fresh_workers, queue_to_ring
from muscope.backend.storage.disk import free_bytes


@dataclass(frozen=True)
class Operation:
    """State of the system at one moment.

    Attributes:
        num_waiting: messages that no worker has taken yet; None while the broker is away.
        log_bytes: of SQLite's write-ahead log.
    """

    cells: dict[CellState, int]
    num_workers: int
    num_slots: int
    num_waiting: int | None
    free_bytes: int
    log_bytes: int


def operation_of(context: Context) -> Operation:
    """Return the state of the system; raises Unavailable while the database is away."""
    with context.database.read() as session:
        workers = fresh_workers(context, session)
        cells = cells_by_state(session)
        queue = queue_to_ring(workers)
        num_slots = sum(worker.slots for worker in workers)
    return Operation(
        cells=cells,
        num_workers=len(workers),
        num_slots=num_slots,
        num_waiting=context.bell.num_waiting(queue=queue),
        free_bytes=free_bytes(context.settings.data_folder),
        log_bytes=context.database.log_bytes(),
    )
