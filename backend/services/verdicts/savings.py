"""Savings of an experiment: its spent time, and the predicted cost of tuning at the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from pydantic import Field

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.cost.calibration import kind_of
from muscope.backend.domain.cost.memory import stacked_runs
from muscope.backend.domain.cost.prediction import CELL_SECONDS, Calibration, predict
from muscope.backend.domain.cost.savings import Assumptions, Count, Gain, Hours, Savings, compare, gain_of
from muscope.backend.domain.cost.time_left import CellWork, slowness
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, CellState
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Task
from muscope.backend.domain.spec.experiment import ExperimentSpec, base_size, chosen_arm
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.model import require_model
from muscope.backend.domain.spec.money import Currency, RatePerHour
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.cells import final_of
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.time_left.budget import running_seconds
from muscope.backend.services.workers import capacity_of, fresh_workers

# Hands-on minutes of an engineer: a run tuned by hand is set up, watched and noted; a study is set up once.
HOURS_PER_RUN = 0.1
POC_HOURS = 0.5


class SavingsRequest(Frozen):
    """Assumptions of a saving that a reader changes; the others are the defaults of `Assumptions`."""

    rate_per_hour: RatePerHour | None = Field(default=None, description="Money per hour of one slot.")
    staff_rate: RatePerHour | None = Field(default=None, description="Money per hour of staff.")
    currency: Currency = Currency.JPY
    hours_per_run: Hours = Field(default=HOURS_PER_RUN, description="Staff hours per run tuned by hand.")
    poc_hours: Hours = Field(default=POC_HOURS, description="Staff hours of this study.")
    target_width: Count | None = Field(default=None, le=65_536, description="Width that would be tuned.")
    num_lrs: Count | None = Field(default=None, description="LRs tried there; the plan's unless given.")
    num_seeds: Count | None = Field(default=None, description="Seeds each; the plan's unless given.")


@dataclass(frozen=True)
class _Study:
    """Experiment with the values needed to price one of its runs."""

    row: ExperimentRow
    spec: ExperimentSpec
    shape: DatasetShape
    calibration: Calibration

    def run_seconds(self, width: int) -> float:
        """Predict one run of the chosen arm at a width, without curvature and without learned corrections.

        The run is one of a full stack, at an LR that it survives.
        """
        spec, arm = self.spec, chosen_arm(self.spec)
        lr, num_runs = min(spec.arm(arm).lrs), stacked_runs(spec.model, width)
        runs = tuple(PlannedRun(0, lr, seed) for seed in range(num_runs))
        depth = base_size(spec).depth
        cell = PlannedCell(spec.judged_scenarios[0], arm, width, depth, runs, has_curvature=False)
        model = Calibration(self.calibration.flops_per_second, self.calibration.seconds_per_run_step)
        return (predict(spec, self.shape, cell, model).seconds - CELL_SECONDS) / num_runs


def get_savings(context: Context, owner_id: str, experiment_id: UUID, request: SavingsRequest) -> Savings:
    """Compare the time an experiment spent with tuning at the target; raises NotFound or InvalidInput."""
    with context.database.read() as session:
        study = _study(context, session, find_experiment(session, owner_id, experiment_id))
        assumptions = _assumptions(study.spec, request)
        width = assumptions.target_width
        require_model(study.spec.model, study.shape.dims, (width,), (base_size(study.spec).depth,))
        works = _works(context, session, study)
        seen = [work for work in works if work.state is CellState.COMPLETED and work.predicted_seconds > 0]
        slow = slowness(seen, prior_seconds=0.0)
        return compare(
            assumptions,
            target_run_seconds=study.run_seconds(width),
            spent_seconds=sum(work.spent_seconds for work in works),
            slowness=slow,
            is_final=study.row.state not in OPEN_EXPERIMENT_STATES,
            gains=tuple(_gains(session, study, slow)),
        )


def _study(context: Context, session: Session, row: ExperimentRow) -> _Study:
    capacity = capacity_of(context, session, fresh_workers(context, session))
    shape = dataset_rows.shape_of(session, row.dataset_id)
    return _Study(row, row.spec, shape, capacity.calibration)


def _assumptions(spec: ExperimentSpec, request: SavingsRequest) -> Assumptions:
    return Assumptions(
        target_width=request.target_width or max(spec.widths),
        num_lrs=request.num_lrs or len(spec.arm(chosen_arm(spec)).lrs),
        num_seeds=request.num_seeds or len(spec.seeds),
        num_steps=spec.num_steps,
        hours_per_run=request.hours_per_run,
        poc_hours=request.poc_hours,
        rate_per_hour=request.rate_per_hour,
        staff_rate=request.staff_rate,
        currency=request.currency,
    )


def _works(context: Context, session: Session, study: _Study) -> list[CellWork]:
    """Return the cells with the cost model's own predictions: a correction would count slowness twice."""
    return [
        CellWork(
            kind_of(study.spec.model.name, row.width, has_curvature=row.has_curvature),
            row.state,
            row.predicted_seconds / row.correction,
            row.spent_seconds + running_seconds(row, context.now()),
            1.0 if row.state == CellState.COMPLETED else 0.0,
        )
        for row in cell_rows.of_experiment(session, study.row.id)
    ]


def _gains(session: Session, study: _Study, slow: float) -> Iterator[Gain]:
    """Yield the improvement of the largest width at the reused LR, in the loss and in the field metric."""
    spec, base = study.spec, base_size(study.spec)
    verdict = verdict_rows.latest(session, study.row.id, spec.judged_scenarios[0])
    if verdict is None or verdict.arm.base_lr_index is None:
        return
    field = Metric.VAL_MAE if study.shape.task is Task.REGRESSION else Metric.VAL_ACCURACY
    values = _final_values(session, study, verdict.arm.base_lr_index)
    for metric in (Metric.VAL_LOSS, field):
        widths = sorted(width for name, width in values if name is metric)
        if len(widths) > 1 and widths[0] == base.width:
            yield gain_of(
                metric,
                base_width=widths[0],
                width=widths[-1],
                base_values=values[metric, widths[0]],
                values=values[metric, widths[-1]],
                base_run_seconds=slow * study.run_seconds(widths[0]),
                run_seconds=slow * study.run_seconds(widths[-1]),
            )


def _final_values(session: Session, study: _Study, lr_index: int) -> dict[tuple[Metric, int], list[float]]:
    """Return the final values of the chosen arm at one LR and the base's depth, by metric and width."""
    arm, depth = chosen_arm(study.spec), base_size(study.spec).depth
    spec = study.spec.under(study.spec.judged_scenarios[0])
    widths = {
        (run.cell_id, run.position): run.width
        for run in cell_rows.runs_of_experiment(session, study.row.id)
        if (run.scenario, run.parametrization) == (study.spec.judged_scenarios[0], arm)
        and (run.depth, run.lr_index, run.diverged_at) == (depth, lr_index, None)
        and run.width >= base_size(study.spec).width
    }
    found: dict[tuple[Metric, int], list[float]] = {}
    for row in metric_rows.summaries_of_experiment(session, study.row.id):
        width = widths.get((row.cell_id, row.position))
        final = None if width is None else final_of(row, spec)
        if width is not None and final is not None:
            found.setdefault((row.metric, width), []).append(final)
    return found
