"""Progress of an experiment in time: spent, left, share done, and the state of its budget."""

from __future__ import annotations

from collections.abc import Sequence

from muscope.backend.db.accounts import fair_claims
from muscope.backend.db.schema.tables import CellRow
from muscope.backend.domain.cost.time_left import Course, LaterWork, share_done, total_seconds
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, CellState, StopReason
from muscope.backend.domain.plan.defaults import Capacity
from muscope.backend.domain.plan.outlay import Outlay, outlay, with_most_settling
from muscope.backend.domain.protocol.grid import full_grid
from muscope.backend.domain.spec.budget import Budget, committed_seconds
from muscope.backend.domain.spec.experiment import chosen_arm
from muscope.backend.services.context import Context
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.evidence.left_out import left_out_cells
from muscope.backend.services.plans.draft import cost, most_settle_seconds
from muscope.backend.services.time_left.budget import claimed, running_seconds
from muscope.backend.services.time_left.queue import (
    affordable_course,
    neighbours_of,
    queue_view,
    spans_among,
)
from muscope.backend.services.time_left.remaining import Remaining, remaining_of
from muscope.backend.services.views.outlay_views import BudgetView, OutlayView, ProgressView
from muscope.backend.services.workers import capacity_of, fresh_workers


def progress_of(context: Context, evidence: ExperimentEvidence) -> ProgressView:
    """Return the time an experiment has spent and has left, as of now."""
    spec, rows, session = evidence.spec, evidence.cells, evidence.session
    workers = fresh_workers(context, session)
    capacity = capacity_of(context, session, workers)
    found = remaining_of(context, evidence, capacity)
    is_open = evidence.experiment.state in OPEN_EXPERIMENT_STATES
    later = found.course.later if is_open else ()
    course = affordable_course(context, evidence, found.course._replace(later=later))
    neighbours = neighbours_of(context, session, evidence.experiment, capacity) if is_open else []
    course = course._replace(owner_id=evidence.experiment.owner_id)
    used = fair_claims.used_so_far(session, now=context.now()) if neighbours else {}
    spans = spans_among(course, neighbours, capacity.slots, used)
    eta = spans[0].ends
    # A worker trains before its speed is measured, which is when it enters the list.
    is_attended = bool(workers) or any(row.state == CellState.RUNNING for row in rows)
    can_tell = is_open and is_attended
    whole = _whole(course, capacity.slots, _most(evidence, capacity, found)) if can_tell else course
    planned_stages = [row.stage for row in rows]
    return ProgressView(
        spent_seconds=sum(work.spent_seconds for work in course.cells),
        predicted_total_seconds=total_seconds(course.cells, course.later),
        eta_seconds=eta if can_tell else None,
        eta_most_seconds=max(eta, spans_among(whole, neighbours, capacity.slots, used)[0].ends)
        if can_tell
        else None,
        share_done=share_done(course.cells, course.later),
        # The control goes straight to the largest size, so its stage is not counted.
        stage=max((row.stage for row in rows if row.parametrization == chosen_arm(spec)), default=0),
        num_stages=1 + max([*planned_stages, *(cell.stage for cell, _ in found.later_cells)], default=0),
        queue=queue_view(context, evidence.experiment, course, neighbours, spans) if can_tell else None,
        budget=_budget(context, spec.budget, rows),
        left_out=_left_out(evidence, capacity),
    )


def _whole(course: Course, slots: int, most: Outlay) -> Course:
    """Return an experiment's work if the whole grid is run and all is settled, evenly on all slots."""
    left = max(0.0, most.slot_seconds - sum(work.predicted_seconds for work in course.cells))
    slots = max(1, slots)
    return course._replace(later=[LaterWork("", left / slots, f"{index}") for index in range(slots)])


def _most(evidence: ExperimentEvidence, capacity: Capacity, found: Remaining) -> Outlay:
    spec, shape = evidence.spec, evidence.shape
    costed = cost(spec, shape, full_grid(spec), capacity, found.divergence)
    grid = outlay((each for _, each in costed), capacity.slots)
    return with_most_settling(spec, grid, most_settle_seconds(spec, shape, capacity, found.divergence))


def _budget(context: Context, budget: Budget | None, rows: Sequence[CellRow]) -> BudgetView | None:
    if budget is None:
        return None
    cells = claimed(rows, context.now())
    spent = sum(row.spent_seconds + running_seconds(row, context.now()) for row in rows)
    return BudgetView(
        limit_seconds=budget.limit_seconds,
        left_seconds=max(0.0, budget.limit_seconds - committed_seconds(cells)),
        money_spent=None if budget.price is None else budget.price.of(spent),
        money_limit=budget.money,
        currency=None if budget.price is None else budget.price.currency,
    )


def _left_out(evidence: ExperimentEvidence, capacity: Capacity) -> OutlayView | None:
    """Return what a budget left without a result, where it ended the experiment."""
    budget = evidence.spec.budget
    if evidence.experiment.stop_reason is not StopReason.BUDGET or budget is None:
        return None
    left = left_out_cells(evidence)
    return OutlayView.of(outlay((cost for _, cost in left), capacity.slots), budget.price)
