"""Draft of an experiment: spec, next cells and their cost, before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from uuid import UUID

from muscope.backend.analysis.advice.reliability import shipped_record
from muscope.backend.analysis.advice.target import about_target
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import DatasetRow
from muscope.backend.domain.cost.coming import coming_work
from muscope.backend.domain.cost.divergence import DivergenceCount
from muscope.backend.domain.cost.gpu_memory import gpu_cell_bytes, halved_to_fit
from muscope.backend.domain.cost.memory import max_runs_per_cell
from muscope.backend.domain.cost.prediction import CellCost, CostedCell, predict
from muscope.backend.domain.cost.time_left import Course
from muscope.backend.domain.devices import device_kind
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.plan.outlay import (
    Outlay,
    outlay,
    path_outlay,
    with_most_settling,
    with_usual_settling,
)
from muscope.backend.domain.plan.plan_request import PlanRequest, full_steps, resolve
from muscope.backend.domain.plan.scenario_kinds import possible_kinds
from muscope.backend.domain.protocol import (
    Decision,
    foreseen_batches,
    most_settling,
    next_cells,
    usual_settling,
)
from muscope.backend.domain.protocol.evidence import Evidence
from muscope.backend.domain.protocol.grid import PlannedCell, full_grid
from muscope.backend.domain.spec.dataset import DatasetShape
from muscope.backend.domain.spec.experiment import ExperimentSpec, controls_of
from muscope.backend.domain.spec.money import Price
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.divergence_counts import divergence_counts
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.protocol_evidence import protocol_evidence
from muscope.backend.services.held_models import announced
from muscope.backend.services.lookup import find_dataset
from muscope.backend.services.names import Name
from muscope.backend.services.views.outlay_views import OutlayView, PlanQueueView
from muscope.backend.services.views.views import PlannedCellView, PlanView
from muscope.backend.services.workers import capacity_of, fresh_workers, queue_to_ring


class ExperimentRequest(PlanRequest):
    """Plan for a stored dataset, with a name."""

    dataset_id: UUID
    name: Name | None = None


@dataclass(frozen=True)
class Draft:
    """Spec of a request with the cells of its expected path, and their predicted cost.

    Attributes:
        first: cells of the first stage.
        split: per width, the most runs of a cell.
    """

    dataset: DatasetRow
    shape: DatasetShape
    spec: ExperimentSpec
    capacity: Capacity
    num_workers: int
    queue: str
    is_cut: bool
    costed: tuple[CostedCell, ...]
    first: tuple[CostedCell, ...]
    course: Course
    expected: Outlay
    divergence: tuple[DivergenceCount, ...]
    split: Mapping[int, int]

    @property
    def num_runs(self) -> int:
        """Return the runs of all stages on the expected path."""
        return sum(len(cell.runs) for cell, _ in self.costed)

    @cached_property
    def most(self) -> Outlay:
        """Return the outlay of the whole grid and all settling; only those who look at a plan need it."""
        cells = full_grid(self.spec, max_runs_per_cell=self.split)
        grid = cost(self.spec, self.shape, cells, self.capacity, self.divergence)
        most = _most(self.spec, self.shape, grid, self.capacity, self.divergence)
        return _at_least(most, self.expected, self.capacity.pace)


def draft(context: Context, session: Session, owner_id: str, request: ExperimentRequest) -> Draft:
    """Return the draft of a request; raises NotFound or InvalidInput."""
    dataset = find_dataset(session, owner_id, request.dataset_id)
    workers = fresh_workers(context, session)
    capacity = capacity_of(context, session, workers)
    spec = resolve(
        request.model_copy(update={"model": announced(context, session, request.model)}),
        dataset_sha256=dataset.arrays_sha256,
        shape=(shape := dataset.shape),
        capacity=capacity,
        max_runs=context.settings.max_runs,
        memory_bytes=context.settings.cell_memory_bytes,
    )
    is_cut = request.num_steps is None and spec.num_steps < full_steps(request, spec, shape)
    split = runs_per_cell(context, spec, shape, capacity)
    divergence = divergence_counts(session, dataset.id, spec)
    batches = [
        cost(spec, shape, batch, capacity, divergence)
        for batch in foreseen_batches(spec, max_runs_per_cell=split)
    ]
    costed = tuple(each for batch in batches for each in batch)
    course = Course((), coming_work(spec, Evidence(), batches), capacity.pace)
    settling = cost(spec, shape, usual_settling(spec), capacity, divergence)
    path = path_outlay(course, (each for _, each in costed), capacity.slots)
    expected = with_usual_settling(path, capacity.pace * sum(each.seconds for _, each in settling))
    return Draft(
        dataset=dataset,
        shape=shape,
        spec=spec,
        capacity=capacity,
        num_workers=len(workers),
        queue=queue_to_ring(workers),
        is_cut=is_cut,
        costed=costed,
        first=tuple(batches[0]) if batches else (),
        course=course,
        expected=expected,
        divergence=divergence,
        split=split,
    )


def most_settle_seconds(
    spec: ExperimentSpec, shape: DatasetShape, capacity: Capacity, divergence: Sequence[DivergenceCount]
) -> float:
    """Return the slot-seconds of the settle stage with every LR and seed it may add."""
    cells = most_settling(spec)
    return sum(each.seconds for _, each in cost(spec, shape, cells, capacity, divergence))


def _most(
    spec: ExperimentSpec,
    shape: DatasetShape,
    grid: Sequence[CostedCell],
    capacity: Capacity,
    divergence: Sequence[DivergenceCount],
) -> Outlay:
    """Return the outlay of the whole grid and of all that settling may add."""
    of_grid = outlay((each for _, each in grid), capacity.slots)
    return with_most_settling(spec, of_grid, most_settle_seconds(spec, shape, capacity, divergence))


def _at_least(grid: Outlay, expected: Outlay, pace: float) -> Outlay:
    """Return the outlay of the whole grid; stages and expected widening may need more wall time."""
    return replace(
        grid,
        wall_seconds=max(pace * grid.wall_seconds, expected.wall_seconds),
        slot_seconds=max(pace * grid.slot_seconds, expected.slot_seconds),
    )


def runs_per_cell(
    context: Context, spec: ExperimentSpec, shape: DatasetShape, capacity: Capacity
) -> dict[int, int]:
    """Return, per width, how many runs of a cell fit the memory of the device that will train it."""
    if capacity.gpu_memory_bytes is not None:
        return halved_to_fit(spec, shape, memory_bytes=capacity.gpu_memory_bytes)
    return max_runs_per_cell(spec, shape, memory_bytes=context.settings.cell_memory_bytes)


def decide(
    context: Context, evidence: ExperimentEvidence, capacity: Capacity, *, granted_seeds: int | None = None
) -> Decision:
    """Return the protocol's next decision for a stored experiment.

    Args:
        granted_seeds: seeds of one LR that the settle stage may use; None: those granted so far.
    """
    split = runs_per_cell(context, evidence.spec, evidence.shape, capacity)
    known = protocol_evidence(evidence, granted_seeds=granted_seeds)
    return next_cells(evidence.spec, known, max_runs_per_cell=split)


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


def plan_view(context: Context, plan: Draft, queue: PlanQueueView | None) -> PlanView:
    """Return the cells that would run and their predicted time."""
    return PlanView(
        spec=plan.spec,
        control=control_of(plan.spec),
        num_runs=plan.num_runs,
        max_runs=context.settings.max_runs,
        cells=tuple(_cell_view(*item) for item in plan.costed),
        device=device_kind(plan.queue),
        slots=plan.capacity.slots,
        num_workers=plan.num_workers,
        predicted_seconds=plan.expected.wall_seconds,
        expected=OutlayView.of(plan.expected, budget_price(plan.spec)),
        most=OutlayView.of(plan.most, budget_price(plan.spec)),
        scenario_kinds=possible_kinds(plan.spec, plan.shape),
        are_steps_cut=plan.is_cut,
        queue=queue,
        target=about_target(plan.spec, shipped_record()),
    )


def budget_price(spec: ExperimentSpec) -> Price | None:
    """Return the price of a spec's budget; None without one."""
    return spec.budget.price if spec.budget is not None else None


def control_of(spec: ExperimentSpec) -> Parametrization | None:
    """Return the control among a spec's arms, the usual one of several; None without one."""
    return next(iter(controls_of(spec)), None)


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
