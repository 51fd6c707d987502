"""Workers seen recently, and the capacity they make up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from importlib.metadata import version
from uuid import UUID

from muscope.backend.catalogue import DEFAULT_LANGUAGE, error_text
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db.accounts.owners import sees
from muscope.backend.db.connection.session import Session
from muscope.backend.db.machines import calibrations, paces
from muscope.backend.db.machines import workers as worker_rows
from muscope.backend.db.machines.workers import Trained
from muscope.backend.db.schema.tables import WorkerRow
from muscope.backend.domain.cost.calibration import Learned, device_sha256, kind_of
from muscope.backend.domain.cost.divergence import PlannedWork
from muscope.backend.domain.cost.gpu_memory import USABLE_SHARE
from muscope.backend.domain.cost.prediction import Calibration
from muscope.backend.domain.devices import CPU_QUEUE, GPU_QUEUE, is_gpu
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.errors import MuscopeError, Unavailable, from_stored
from muscope.backend.services.context import Context
from muscope.backend.services.views.machine_views import TrainingView, WorkerView

# Workers report every few seconds; one that missed several reports is not counted.
FRESH = timedelta(seconds=60)
# Workers that fell silent are told of for so long.
REMEMBERED = timedelta(hours=24)
# Cells that ended this long ago tell how fast the machine is with the neighbours it has now.
LATELY = timedelta(minutes=15)
# Weight, in predicted seconds, of what the load of the machine says.
PRIOR_SECONDS = 10.0


def list_workers(
    context: Context, owner_id: str, *, with_lost: bool = False, language: str = DEFAULT_LANGUAGE
) -> list[WorkerView]:
    """List the workers seen in the last minute, on wish also those lost within the last day after them."""
    since = context.now() - (REMEMBERED if with_lost else FRESH)
    with context.database.read() as session:
        trained = worker_rows.training(session)
        seen = worker_rows.seen_since(session, since)
        views = [_view(context, owner_id, row, trained, language) for row in seen]
    return sorted(views, key=lambda view: view.is_lost)


def fresh_workers(context: Context, session: Session) -> Sequence[WorkerRow]:
    """Return the rows of the workers seen in the last minute that take cells."""
    seen = worker_rows.seen_since(session, context.now() - FRESH)
    return [row for row in seen if row.fault is None]


def faults_of_workers(context: Context) -> list[MuscopeError]:
    """Return of each worker that takes no cells its name and why; none while the database is away."""
    with suppress(Unavailable), context.database.read() as session:
        seen = worker_rows.seen_since(session, context.now() - FRESH)
        return [_fault_of(row.name, row.fault) for row in seen if row.fault]
    return []


def notes_of_workers(context: Context) -> list[MuscopeError]:
    """Return what an operator should know of the workers: those that take no cells, and other versions."""
    own, faults = version("muscope"), faults_of_workers(context)
    with suppress(Unavailable), context.database.read() as session:
        others = [row for row in worker_rows.seen_since(session, context.now() - FRESH) if row.version != own]
        faults += [
            Unavailable("worker.other_version", names=row.name, version=row.version or "–", own=own)
            for row in others
        ]
    return faults


def _fault_of(name: str, fault: str) -> MuscopeError:
    """Return why a worker takes no cells: an error that it stored, or its finding about the test cell."""
    return from_stored(fault) or Unavailable("worker.unfit", names=name, reason=fault)


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
    pace = _recent_pace(context, session, calibration, max(row.crowding for row in heard))
    return Capacity(sum(row.slots for row in heard), calibration, gpu_memory_bytes=free, pace=pace)


def _recent_pace(context: Context, session: Session, calibration: Calibration, crowding: float) -> float:
    """Return actual over predicted time of cells that ended lately, by what the device has taught by now."""
    spent, predicted = crowding * PRIOR_SECONDS, PRIOR_SECONDS
    families: dict[UUID, str] = {}
    for cell in paces.ended_since(session, context.now() - LATELY):
        if cell.experiment_id not in families:
            experiment = experiment_rows.find(session, cell.experiment_id)
            families[cell.experiment_id] = "" if experiment is None else experiment.spec.model.name
        kind = kind_of(families[cell.experiment_id], cell.width, has_curvature=cell.has_curvature)
        planned = PlannedWork(cell.predicted_seconds, cell.start_share, cell.stack_share, cell.living)
        alive = 1 - cell.num_diverged / cell.num_runs
        of_living = planned.total(alive, 1.0 if alive else 0.0)  # runs that diverge do so in the first steps
        spent += cell.spent_seconds
        predicted += of_living / cell.correction * calibration.correction(kind)
    return spent / predicted


def _learned_on_slowest(session: Session, heard: Sequence[WorkerRow]) -> dict[str, Learned]:
    """Return the corrections learned on the slowest node, whose speed plans use."""
    slowest = min(heard, key=lambda row: (row.flops_per_second, row.name))
    return calibrations.learned_on(session, device_sha256(slowest.environment))


def queue_to_ring(rows: Sequence[WorkerRow]) -> str:
    """Return the queue to ring: the GPU nodes' if one was seen recently, else the CPU nodes'."""
    return GPU_QUEUE if any(is_gpu(row.device) for row in rows) else CPU_QUEUE


def _reason(name: str, fault: str, language: str) -> str:
    """Return why a worker takes no cells: a sentence, or what was found about the test cell."""
    stored = from_stored(fault)
    return fault if stored is None else error_text(_fault_of(name, fault), language)


def _view(
    context: Context, owner_id: str, row: WorkerRow, trained: Sequence[Trained], language: str
) -> WorkerView:
    host = row.name.rpartition("@")[2]
    is_lost = row.seen_at < context.now() - FRESH
    return WorkerView(
        name=row.name,
        host=host,
        slots=row.slots,
        device=row.device,
        memory_bytes=row.memory_bytes,
        environment=row.environment,
        version=row.version,
        is_other_version=row.version != version("muscope"),
        started_at=row.started_at,
        seen_at=row.seen_at,
        is_lost=is_lost,
        fault=row.fault and _reason(row.name, row.fault, language),
        trains=() if is_lost else _trains(owner_id, [each for each in trained if _is_by(each, host, row)]),
    )


def _is_by(trained: Trained, host: str, row: WorkerRow) -> bool:
    """Return whether a cell trains on a node's host and, once its environment is known, its device."""
    device = (trained.environment or {}).get("device", row.device)
    return trained.host == host and device == row.device


def _trains(owner_id: str, cells: Sequence[Trained]) -> tuple[TrainingView, ...]:
    """Return the experiments that cells are of, in their order; those of other users without a name."""
    counts = Counter(cell.experiment_id for cell in cells)
    known = {cell.experiment_id: cell for cell in cells}
    return tuple(
        TrainingView(
            experiment_id=each if sees(owner_id, known[each].owner_id) else None,
            name=known[each].experiment_name if sees(owner_id, known[each].owner_id) else None,
            num_cells=count,
        )
        for each, count in counts.items()
    )
