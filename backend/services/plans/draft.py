"""Draft of an experiment: spec, next cells and their cost, before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from pydantic import Field

from muscope.backend.db.session import Session
from muscope.backend.db.tables import DatasetRow
from muscope.backend.domain.cost.divergence import DivergenceCount
from muscope.backend.domain.cost.gpu_memory import gpu_cell_bytes, halved_to_fit
from muscope.backend.domain.cost.memory import max_runs_per_cell
from muscope.backend.domain.cost.prediction import CellCost, CostedCell, predict
from muscope.backend.domain.devices import device_kind
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.plan.outlay import Outlay, outlay
from muscope.backend.domain.plan.plan_request import PlanRequest, full_steps, resolve
from muscope.backend.domain.plan.scenario_kinds import possible_kinds
from muscope.backend.domain.protocol import Add, Decision, foreseen_cells, next_cells
from muscope.backend.domain.protocol.evidence import Evidence
from muscope.backend.domain.protocol.grid import PlannedCell, full_grid
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import ExperimentSpec, control_for
from muscope.backend.domain.spec.money import Price
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.divergence_counts import divergence_counts
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.protocol_evidence import protocol_evidence
from muscope.backend.services.lookup import find_dataset
from muscope.backend.services.views.outlay_views import OutlayView
from muscope.backend.services.views.views import PlannedCellView, PlanView
from muscope.backend.services.workers import capacity_of, fresh_workers, queue_to_ring


class ExperimentRequest(PlanRequest):
    """Plan for a stored dataset, with a name."""

    dataset_id: UUID
    # PostgreSQL stores no NUL, and a name needs no control characters.
    name: str | None = Field(default=None, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")


@dataclass(frozen=True)
class Draft:
    """Spec of a request with the cells of its expected path, their predicted cost, and that of the whole
    grid.
    """

    dataset: DatasetRow
    shape: DatasetShape
    spec: ExperimentSpec
    capacity: Capacity
    num_workers: int
    queue: str
    is_cut: bool
    cells: tuple[PlannedCell, ...]
    expected: Outlay
    most: Outlay
    divergence: tuple[DivergenceCount, ...]

    @property
    def num_runs(self) -> int:
        """Return the runs of all stages on the expected path."""
        return sum(len(cell.runs) for cell in self.cells)


def draft(context: Context, session: Session, owner_id: str, request: ExperimentRequest) -> Draft:
    """Return the draft of a request; raises NotFound or InvalidInput."""
    dataset = find_dataset(session, owner_id, request.dataset_id)
    shape = dataset.shape
    workers = fresh_workers(context, session)
    capacity = capacity_of(context, session, workers)
    spec = resolve(
        request,
        dataset_sha256=dataset.arrays_sha256,
        shape=shape,
        capacity=capacity,
        max_runs=context.settings.max_runs,
        memory_bytes=context.settings.cell_memory_bytes,
    )
    is_cut = request.num_steps is None and spec.num_steps < full_steps(request, spec, shape)
    split = runs_per_cell(context, spec, shape, capacity)
    cells = foreseen_cells(spec, max_runs_per_cell=split)
    divergence = divergence_counts(session, dataset.id, spec)
    expected = outlay_of(spec, shape, cells, capacity, divergence)
    most = outlay_of(spec, shape, full_grid(spec, max_runs_per_cell=split), capacity, divergence)
    queue = queue_to_ring(workers)
    return Draft(
        dataset, shape, spec, capacity, len(workers), queue, is_cut, cells, expected, most, divergence
    )


def first_cells(
    context: Context, spec: ExperimentSpec, shape: DatasetShape, capacity: Capacity
) -> tuple[PlannedCell, ...]:
    """List the cells of the first stage."""
    split = runs_per_cell(context, spec, shape, capacity)
    decision = next_cells(spec, Evidence(), max_runs_per_cell=split)
    return decision.cells if isinstance(decision, Add) else ()


def runs_per_cell(
    context: Context, spec: ExperimentSpec, shape: DatasetShape, capacity: Capacity
) -> dict[int, int]:
    """Return, per width, how many runs of a cell fit the memory of the device that will train it."""
    if capacity.gpu_memory_bytes is not None:
        return halved_to_fit(spec, shape, memory_bytes=capacity.gpu_memory_bytes)
    return max_runs_per_cell(spec, shape, memory_bytes=context.settings.cell_memory_bytes)


def decide(context: Context, evidence: ExperimentEvidence, capacity: Capacity) -> Decision:
    """Return the protocol's next decision for a stored experiment."""
    split = runs_per_cell(context, evidence.spec, evidence.shape, capacity)
    return next_cells(evidence.spec, protocol_evidence(evidence), max_runs_per_cell=split)


def cost(
    spec: ExperimentSpec,
    shape: DatasetShape,
    cells: Sequence[PlannedCell],
    capacity: Capacity,
    divergence: Sequence[DivergenceCount],
) -> list[CostedCell]:
    """Return the cells with their predicted costs."""
    return [(cell, _cost_of(spec, shape, cell, capacity, divergence)) for cell in cells]


def _cost_of(
    spec: ExperimentSpec,
    shape: DatasetShape,
    cell: PlannedCell,
    capacity: Capacity,
    divergence: Sequence[DivergenceCount],
) -> CellCost:
    predicted = predict(spec, shape, cell, capacity.calibration, divergence)
    if capacity.gpu_memory_bytes is None:
        return predicted
    under = spec.under(cell.scenario)
    stacked = gpu_cell_bytes(under, shape, cell.width, cell.depth, len(cell.runs))
    return replace(predicted, num_bytes=stacked)


def outlay_of(
    spec: ExperimentSpec,
    shape: DatasetShape,
    cells: Sequence[PlannedCell],
    capacity: Capacity,
    divergence: Sequence[DivergenceCount],
) -> Outlay:
    """Return the predicted outlay of cells on this installation."""
    return outlay(
        (predicted for _, predicted in cost(spec, shape, cells, capacity, divergence)), capacity.slots
    )


def preview_experiment(context: Context, owner_id: str, request: ExperimentRequest) -> PlanView:
    """Return the cells that would run and their predicted time; nothing is stored."""
    with context.database.read() as session:
        plan = draft(context, session, owner_id, request)
    costed = cost(plan.spec, plan.shape, plan.cells, plan.capacity, plan.divergence)
    return PlanView(
        spec=plan.spec,
        control=control_of(plan.spec),
        num_runs=plan.num_runs,
        max_runs=context.settings.max_runs,
        cells=tuple(_cell_view(*item) for item in costed),
        device=device_kind(plan.queue),
        slots=plan.capacity.slots,
        num_workers=plan.num_workers,
        predicted_seconds=plan.expected.wall_seconds,
        expected=OutlayView.of(plan.expected, budget_price(plan.spec)),
        most=OutlayView.of(plan.most, budget_price(plan.spec)),
        scenario_kinds=possible_kinds(plan.spec, plan.shape),
        are_steps_cut=plan.is_cut,
    )


def budget_price(spec: ExperimentSpec) -> Price | None:
    """Return the price of a spec's budget; None without one."""
    return spec.budget.price if spec.budget is not None else None


def control_of(spec: ExperimentSpec) -> Parametrization | None:
    """Return the control among a spec's arms; None without one."""
    control = control_for(spec.loss, spec.optimizer)
    return control if any(arm.parametrization is control for arm in spec.arms) else None


def _cell_view(cell: PlannedCell, predicted: CellCost) -> PlannedCellView:
    return PlannedCellView(
        scenario=cell.scenario,
        parametrization=cell.parametrization,
        width=cell.width,
        depth=cell.depth,
        num_runs=len(cell.runs),
        predicted_seconds=predicted.seconds,
        predicted_bytes=predicted.num_bytes,
    )
