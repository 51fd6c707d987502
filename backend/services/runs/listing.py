"""Table of an experiment's runs: filtered, sorted by any column, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from pydantic import Field

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.lists import runs as run_rows
from muscope.backend.db.lists.runs import FoundRun, Sought
from muscope.backend.db.schema.tables import RunSummaryRow
from muscope.backend.domain.lifecycle import RunState
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.cells import final_of
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.views.run_views import RunPage
from muscope.backend.services.views.views import RunView, SummaryView

Count = Annotated[int, Field(ge=0, lt=2**31)]
Summaries = dict[Metric, SummaryView]


_METRICS = {metric.value for metric in Metric}


class RunOrder(StrEnum):
    """Column a table of runs is sorted by; a metric stands for its final value."""

    GRID = "grid"
    SCENARIO = "scenario"
    PARAMETRIZATION = "parametrization"
    WIDTH = "width"
    DEPTH = "depth"
    LR = "lr"
    SEED = "seed"
    STATE = "state"
    DIVERGED_AT = "diverged_at"
    TRAIN_LOSS = "train_loss"
    VAL_LOSS = "val_loss"
    VAL_ACCURACY = "val_accuracy"
    VAL_MAE = "val_mae"
    SHARPNESS = "sharpness"
    RAW_SHARPNESS = "raw_sharpness"
    HESSIAN_TRACE = "hessian_trace"
    GAUSS_NEWTON_SHARPNESS = "gauss_newton_sharpness"
    RESIDUAL_SHARPNESS = "residual_sharpness"


class RunFilter(Frozen):
    """Runs that are sought; several values of one filter are given as `width=32&width=64`."""

    scenario: tuple[Scenario, ...] = Field(default=(), max_length=20, description="Under any of these.")
    parametrization: tuple[Parametrization, ...] = Field(
        default=(), max_length=8, description="Any of these."
    )
    width: tuple[Count, ...] = Field(default=(), max_length=50, description="Any of these.")
    depth: tuple[Count, ...] = Field(default=(), max_length=50, description="Any of these.")
    seed: tuple[Count, ...] = Field(default=(), max_length=200, description="Any of these.")
    lr_low: float | None = Field(default=None, gt=0, description="Smallest learning rate.")
    lr_high: float | None = Field(default=None, gt=0, description="Largest learning rate.")
    state: tuple[RunState, ...] = Field(default=(), max_length=10, description="In any of these.")
    diverged: bool | None = Field(default=None, description="Only those that have diverged, or have not.")
    sort: RunOrder = Field(
        default=RunOrder.GRID, description="Column to sort by; runs without a value come last."
    )
    order: Literal["asc", "desc"] = "asc"

    def sought(self) -> Sought:
        """Return the filter as the database takes it."""
        names = ("scenario", "parametrization", "width", "depth", "seed")
        return Sought(
            {name: getattr(self, name) for name in names},
            lr_low=self.lr_low,
            lr_high=self.lr_high,
            states=self.state,
            has_diverged=self.diverged,
        )


class RunQuery(RunFilter):
    """Runs that are sought, and which page of them."""

    limit: int = Field(default=100, ge=1, le=1000, description="The most runs to return.")
    offset: int = Field(default=0, ge=0, le=2**31, description="Number of the first ones to leave out.")


ALL_RUNS = RunQuery(limit=1000)


def list_runs(context: Context, owner_id: str, experiment_id: UUID, query: RunQuery = ALL_RUNS) -> RunPage:
    """Return one page of the runs that are sought, each with its summaries; no chunk is read."""
    with context.database.read() as session:
        table = read_table(session, owner_id, experiment_id, query)
        shown = table.rows[query.offset : query.offset + query.limit]
        return RunPage(
            items=tuple(run_view(found, table.summaries.get(_key(found), {})) for found in shown),
            total=len(table.rows),
            metrics=table.metrics,
        )


class RunTable(NamedTuple):
    """Sorted runs, and the summaries of all runs of the experiment by cell and position."""

    rows: list[FoundRun]
    summaries: Mapping[tuple[UUID, int], Summaries]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Return the metrics that any run has a summary of."""
        have = {metric for of_run in self.summaries.values() for metric in of_run}
        return tuple(metric for metric in Metric if metric in have)


def read_table(session: Session, owner_id: str, experiment_id: UUID, sought: RunFilter) -> RunTable:
    """Read the runs that are sought, in the order asked for; raises NotFound."""
    spec = find_experiment(session, owner_id, experiment_id).spec
    rows = run_rows.find(session, experiment_id, sought.sought())
    by_run = _summaries(session, experiment_id, spec)
    return RunTable(_sorted(rows, by_run, sought), by_run)


def _sorted(
    rows: list[FoundRun], by_run: Mapping[tuple[UUID, int], Summaries], sought: RunFilter
) -> list[FoundRun]:
    """Sort runs, those without a value last whatever the direction; equal ones stay in the grid's order."""
    if sought.sort is RunOrder.GRID:
        return rows if sought.order == "asc" else rows[::-1]
    value = _value_by(sought.sort, by_run)
    having = [found for found in rows if value(found) is not None]
    without = [found for found in rows if value(found) is None]
    return sorted(having, key=value, reverse=sought.order == "desc") + without


def _value_by(order: RunOrder, by_run: Mapping[tuple[UUID, int], Summaries]) -> Callable[[FoundRun], Any]:
    if order.value in _METRICS:
        metric = Metric(order.value)
        return lambda found: _final(by_run.get(_key(found), {}).get(metric))
    if order is RunOrder.STATE:
        return lambda found: found.state
    return lambda found: getattr(found.row, order.value)


def _final(summary: SummaryView | None) -> float | None:
    return None if summary is None else summary.final


def _key(found: FoundRun) -> tuple[UUID, int]:
    return found.row.cell_id, found.row.position


def _summaries(
    session: Session, experiment_id: UUID, spec: ExperimentSpec
) -> dict[tuple[UUID, int], Summaries]:
    scenarios = {cell.id: cell.scenario for cell in cell_rows.of_experiment(session, experiment_id)}
    under = {scenario: spec.under(scenario) for scenario in set(scenarios.values())}
    by_run: dict[tuple[UUID, int], Summaries] = {}
    for row in metric_rows.summaries_of_experiment(session, experiment_id):
        view = summary_view(row, under[scenarios[row.cell_id]])
        by_run.setdefault((row.cell_id, row.position), {})[row.metric] = view
    return by_run


def summary_view(row: RunSummaryRow, spec: ExperimentSpec) -> SummaryView:
    """Return a run's summary with its final value; `spec` is the one its scenario trains with."""
    return SummaryView(
        last_step=row.last_step,
        last=row.last,
        minimum=row.minimum,
        minimum_step=row.minimum_step,
        tail_mean=row.tail_sum / row.tail_count if row.tail_count else None,
        final=final_of(row, spec),
        num_values=row.num_values,
        num_non_finite=row.num_non_finite,
    )


def summaries_of(session: Session, experiment_id: UUID, spec: ExperimentSpec, found: FoundRun) -> Summaries:
    """Return the summaries of one run."""
    return _summaries(session, experiment_id, spec).get(_key(found), {})


def run_view(found: FoundRun, summaries: Summaries) -> RunView:
    """Return a run with its summaries."""
    own = set(RunView.model_fields) - {"state", "summaries"}
    values = {name: getattr(found.row, name) for name in own}
    return RunView.model_validate(values | {"state": found.state, "summaries": summaries})
