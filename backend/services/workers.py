"""Workers seen recently, and the capacity they make up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from muscope.backend.db import calibrations
from muscope.backend.db import workers as worker_rows
from muscope.backend.db.session import Session
from muscope.backend.db.tables import WorkerRow
from muscope.backend.domain.cost.calibration import Learned, device_sha256
from muscope.backend.domain.cost.gpu_memory import USABLE_SHARE
from muscope.backend.domain.cost.prediction import Calibration
from muscope.backend.domain.devices import CPU_QUEUE, GPU_QUEUE, is_gpu
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.services.context import Context
from muscope.backend.services.views.views import WorkerView

# Workers report every few seconds; one that missed several reports is not counted.
FRESH = timedelta(seconds=60)


def list_workers(context: Context) -> list[WorkerView]:
    """List the workers seen in the last minute."""
    with context.database.read() as session:
        return [_view(row) for row in fresh_workers(context, session)]


def fresh_workers(context: Context, session: Session) -> Sequence[WorkerRow]:
    """Return the rows of the workers seen in the last minute."""
    return worker_rows.seen_since(session, context.now() - FRESH)


def capacity_of(context: Context, session: Session, rows: Sequence[WorkerRow]) -> Capacity:
    """Return the capacity plans are made for: all slots of the nodes in use, as fast as the slowest.

    GPU and CPU nodes are never mixed: if a GPU node is known, cells go there. Without any node, constants are
    used.
    """
    gpus = [row for row in rows if is_gpu(row.device)]
    heard = gpus or rows
    if not heard:
        return Capacity(slots=context.settings.worker_slots)
    calibration = Calibration(
        flops_per_second=min(row.flops_per_second for row in heard),
        seconds_per_run_step=max(row.seconds_per_run_step for row in heard),
        learned=_learned_on_slowest(session, heard),
    )
    free = min((int(row.memory_bytes * USABLE_SHARE) for row in gpus), default=None)
    return Capacity(sum(row.slots for row in heard), calibration, gpu_memory_bytes=free)


def _learned_on_slowest(session: Session, heard: Sequence[WorkerRow]) -> dict[str, Learned]:
    """Return the corrections learned on the slowest node, whose speed plans use."""
    slowest = min(heard, key=lambda row: (row.flops_per_second, row.name))
    return calibrations.learned_on(session, device_sha256(slowest.environment))


def queue_to_ring(rows: Sequence[WorkerRow]) -> str:
    """Return the queue to ring: the GPU nodes' if one was seen recently, else the CPU nodes'."""
    return GPU_QUEUE if any(is_gpu(row.device) for row in rows) else CPU_QUEUE


def _view(row: WorkerRow) -> WorkerView:
    return WorkerView(
        name=row.name,
        slots=row.slots,
        device=row.device,
        memory_bytes=row.memory_bytes,
        environment=row.environment,
        seen_at=row.seen_at,
    )
