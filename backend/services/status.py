"""Status of the system: which parts work, how much room is left, which experiments wait for whom."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib.metadata import version

from muscope.backend.catalogue import text
from muscope.backend.db.accounts import fair_claims
from muscope.backend.db.accounts.owners import sees
from muscope.backend.db.connection.session import Session
from muscope.backend.domain.cost.time_left import expected_spans
from muscope.backend.errors import MuscopeError, Unavailable
from muscope.backend.services.context import Context
from muscope.backend.services.health import fault_of_broker, fault_of_database, fault_of_disk
from muscope.backend.services.time_left.queue import Neighbour, neighbours_of
from muscope.backend.services.views.machine_views import CheckView, DiskView, StatusView, WaitingView
from muscope.backend.services.workers import capacity_of, faults_of_workers, fresh_workers
from muscope.backend.settings import Settings

# Experiments named in the queue; those behind them are counted.
MOST_SHOWN = 20


def get_status(context: Context, owner_id: str, language: str) -> StatusView:
    """Return the state of every part, also while the database is away; the queue is unknown then."""
    faults: dict[str, Callable[[Context], MuscopeError | None]] = {
        "disk": fault_of_disk,
        "database": fault_of_database,
        "broker": fault_of_broker,
    }
    checks = tuple(_check(name, fault(context), language) for name, fault in faults.items())
    # Without workers there is nothing to call right.
    checks += tuple(_check("workers", unfit, language) for unfit in faults_of_workers(context))
    queue = _queue(context, owner_id)
    return StatusView(
        version=version("muscope"),
        is_ready=all(check.is_ok for check in checks),
        checks=checks,
        disk=_disk(context),
        num_open=None if queue is None else len(queue),
        queue=() if queue is None else queue[:MOST_SHOWN],
        start_command=_start_command(context.settings),
    )


def _start_command(settings: Settings) -> str:
    """Return the command that starts a worker of this server, for a shell on its machine.

    A database elsewhere is named by settings that may hold a password, so those are left to the operator.
    """
    folder = "" if settings.database_url else f"MUSCOPE_DATA={shlex.quote(str(settings.data_folder))} "
    return f"{folder}muscope worker"


def _check(name: str, fault: MuscopeError | None, language: str) -> CheckView:
    if fault is None:
        return CheckView(name=name, is_ok=True, code=None, message=None)
    message = text(f"error.{fault.code}", language, **fault.params)
    return CheckView(name=name, is_ok=False, code=fault.code, message=message)


def _disk(context: Context) -> DiskView | None:
    try:
        found = shutil.disk_usage(context.settings.data_folder)
    except OSError:  # the check of the disk says why
        return None
    return DiskView(free_bytes=found.free, total_bytes=found.total)


def _queue(context: Context, owner_id: str) -> tuple[WaitingView, ...] | None:
    """Return the open experiments in the order in which they start; None while nobody can tell."""
    try:
        with context.database.read() as session:
            return _open_experiments(context, session, owner_id)
    except Unavailable:
        return None


def _open_experiments(context: Context, session: Session, owner_id: str) -> tuple[WaitingView, ...]:
    workers = fresh_workers(context, session)
    capacity = capacity_of(context, session, workers)
    found = neighbours_of(context, session, None, capacity)
    used = fair_claims.used_so_far(session, now=context.now())
    spans = expected_spans([each.course for each in found], slots=capacity.slots, used=used)
    in_order: Sequence[tuple[float, Neighbour]] = sorted(
        ((span.begins, each) for span, each in zip(spans, found, strict=True)),
        key=lambda pair: (not pair[1].is_running, pair[0]),
    )
    # Without a worker nothing starts, so no moment is promised.
    return tuple(_waiting(context, owner_id, each, begins if workers else None) for begins, each in in_order)


def _waiting(context: Context, owner_id: str, found: Neighbour, begins: float | None) -> WaitingView:
    row, is_own = found.experiment, sees(owner_id, found.experiment.owner_id)
    is_waiting = not found.is_running and begins is not None
    return WaitingView(
        id=row.id if is_own else None,
        name=row.name if is_own else None,
        is_running=found.is_running,
        created_at=row.created_at,
        expected_start=context.now() + timedelta(seconds=begins or 0.0) if is_waiting else None,
    )
