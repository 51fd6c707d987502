"""Celery task of a worker: supervises one cell with this process's training child."""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from celery import Celery, Task

from muscope.backend.db.connection.address import database_address
from muscope.backend.db.connection.session import BRISK_SECONDS, Database
from muscope.backend.db.machines.holders import this_process
from muscope.backend.errors import Unavailable
from muscope.backend.events import Notices
from muscope.backend.queue import TRAIN_CELL
from muscope.backend.settings import Settings, get_settings
from muscope.worker.held_models import held_models
from muscope.worker.node import fitness
from muscope.worker.node.supervisor import SupervisorContext, supervise
from muscope.worker.node.training_process import TrainingProcess

log = logging.getLogger(__name__)

# In which an unfit pool process takes one message.
UNFIT_SECONDS = 10.0

# Made before the pool forks, so that the node can tell its pool processes to let go of their cells.
_stopping = multiprocessing.Event()


def register(app: Celery) -> Task:
    """Register the task under the name the backend rings."""
    task: Task = app.task(name=TRAIN_CELL)(train_cell)
    return task


def train_cell(cell_id: str) -> None:
    """Supervise one cell; when the database is away the conductor rings again later.

    A node that is unfit keeps a message for a while, so that it takes few from those that are not.
    """
    wanted, context = UUID(cell_id), _context()
    if not fitness.is_fit(_child(), monotonic=context.monotonic, is_stopping=context.is_stopping):
        time.sleep(0.0 if context.is_stopping() else UNFIT_SECONDS)
        return
    try:
        supervise(wanted, _child(), context)
    except Unavailable as error:
        log.warning("cell %s is left for the next bell: %s", cell_id, error)
    if not context.is_stopping():
        _child().start()  # one that was killed is followed by a warm one before the next message


def stop_soon(**_: Any) -> None:
    """Tell every pool process to release its cell: the node is shutting down."""
    _stopping.set()


def warm_up(**_: Any) -> None:
    """Start the training child before the first cell comes: importing torch takes seconds."""
    _child().start()
    _context()


def cool_down(**_: Any) -> None:
    """End the training child with its pool process."""
    _child().kill()


@cache
def _child() -> TrainingProcess:
    return TrainingProcess()


def _database(settings: Settings) -> Database:
    """Open a database whose silence is noticed while there is time for another heartbeat."""
    enough = max(BRISK_SECONDS, settings.heartbeat_give_up_seconds / 2)
    # A claim that is lost with the machine leaves the cell in the queue.
    return Database(database_address(settings), is_durable=False, answer_seconds=enough)


@cache
def _context() -> SupervisorContext:
    """Open this pool process's own connections; none is inherited over the fork."""
    settings = get_settings()
    parent = os.getppid()
    return SupervisorContext(
        settings=settings,
        database=_database(settings),
        notices=Notices(settings.resolved_broker_url),
        owner=str(this_process()),
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        # A pool process whose node was killed would go on alone; it lets go instead.
        is_stopping=lambda: _stopping.is_set() or os.getppid() != parent,
        held=lambda: frozenset(model.sha256 for model in held_models(settings.models)),
    )
