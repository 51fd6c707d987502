"""How far an experiment is in time, from its cells' committed steps and what they took."""

from __future__ import annotations

from collections.abc import Sequence

from backend.db import cells as cell_rows
from backend.db import datasets as dataset_rows
from backend.db.session import Session
from backend.db.tables import CellRow, ExperimentRow
from backend.domain.budget import Budget, committed_seconds
from backend.domain.calibration import kind_of
from backend.domain.cost import CostedCell
from backend.domain.defaults import Workplace
from backend.domain.evidence import Place, place_of
from backend.domain.experiment import ExperimentSpec, chosen_arm
from backend.domain.grid import full_grid
from backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, CellState, StopReason
from backend.domain.outlay import outlay
from backend.domain.parametrization import Parametrization
from backend.domain.progress import CellWork, eta_seconds, share_done, total_seconds
from backend.domain.protocol import foreseen_cells
from backend.domain.scenario import Scenario
from backend.domain.size import Size
from backend.services.context import Context
from backend.services.outlay_views import BudgetView, OutlayView, ProgressView
from backend.services.outlays import outlay_view
from backend.services.planning import cost
from backend.services.spending import claimed, running_seconds
from backend.services.trials import trials_on
from backend.services.workers import fresh_workers, workplace


def progress_of(context: Context, session: Session, experiment: ExperimentRow) -> ProgressView:
    """Return what an experiment has taken and what is left, as of now."""
    spec = ExperimentSpec.model_validate(experiment.spec)
    rows, workers = cell_rows.of_experiment(session, experiment.id), fresh_workers(context, session)
    place = workplace(context, session, workers)
    works = [_work(context, spec, row) for row in rows]
    foreseen = _costed(session, experiment, spec, place)
    known = {_place_of(row) for row in rows}
    later = [item for item in foreseen if place_of(item[0]) not in known]
    is_open = experiment.state in OPEN_EXPERIMENT_STATES
    later_seconds = sum(each.seconds for _, each in later) if is_open else 0.0
    grid_seconds = sum(each.seconds for _, each in _whole(session, experiment, spec, place))
    most = max(later_seconds, grid_seconds - sum(row.predicted_seconds for row in rows))
    can_tell = is_open and bool(workers)
    return ProgressView(
        spent_seconds=sum(work.spent_seconds for work in works),
        predicted_total_seconds=total_seconds(works, later_seconds),
        eta_seconds=eta_seconds(works, slots=place.slots, later_seconds=later_seconds) if can_tell else None,
        eta_most_seconds=eta_seconds(works, slots=place.slots, later_seconds=most) if can_tell else None,
        share_done=share_done(works, later_seconds),
        # The control goes straight to the largest size, so that its stage tells nothing.
        stage=max((row.stage for row in rows if row.parametrization == chosen_arm(spec)), default=0),
        num_stages=1 + max((cell.stage for cell, _ in foreseen), default=0),
        budget=_budget(context, spec.budget, rows),
        left_out=_left_out(experiment, spec.budget, rows, foreseen, place),
    )


def _work(context: Context, spec: ExperimentSpec, row: CellRow) -> CellWork:
    num_steps = spec.under(Scenario(row.scenario)).num_steps
    return CellWork(
        kind=kind_of(spec.model.name, row.width, has_curvature=row.has_curvature),
        state=CellState(row.state),
        predicted_seconds=row.predicted_seconds,
        spent_seconds=row.spent_seconds + running_seconds(row, context.now()),
        share_done=(row.committed_step + 1) / (num_steps + 1),
    )


def _place_of(row: CellRow) -> Place:
    return Place(Scenario(row.scenario), Parametrization(row.parametrization), Size(row.width, row.depth))


def _costed(
    session: Session, experiment: ExperimentRow, spec: ExperimentSpec, place: Workplace
) -> list[CostedCell]:
    shape = dataset_rows.shape_of(session, experiment.dataset_id)
    trials = trials_on(session, experiment.dataset_id, spec)
    return cost(spec, shape, foreseen_cells(spec), place, trials)


def _whole(
    session: Session, experiment: ExperimentRow, spec: ExperimentSpec, place: Workplace
) -> list[CostedCell]:
    shape = dataset_rows.shape_of(session, experiment.dataset_id)
    trials = trials_on(session, experiment.dataset_id, spec)
    return cost(spec, shape, full_grid(spec), place, trials)


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


def _left_out(
    experiment: ExperimentRow,
    budget: Budget | None,
    rows: Sequence[CellRow],
    foreseen: Sequence[CostedCell],
    place: Workplace,
) -> OutlayView | None:
    """Return what is foreseen of places without a result, where a budget ended the experiment."""
    if experiment.stop_reason != StopReason.BUDGET or budget is None:
        return None
    done = {_place_of(row) for row in rows if row.state == CellState.COMPLETED}
    costs = [each for cell, each in foreseen if place_of(cell) not in done]
    return outlay_view(outlay(costs, place.slots), budget.price)
