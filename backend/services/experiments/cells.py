"""Cells and runs of an experiment, from rows and summaries only: no chunk is read here."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from muscope.backend.analysis.final_values import final_of_summary
from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.schema.tables import CellRow, RunRow, RunSummaryRow
from muscope.backend.domain.lifecycle import CellState, run_state
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.context import Context
from muscope.backend.services.lookup import find_cell, find_experiment, spec_of
from muscope.backend.services.views.views import CellView, RunView, SummaryView, TensorView

Summaries = dict[Metric, SummaryView]


def list_cells(context: Context, owner_id: str, experiment_id: UUID) -> list[CellView]:
    """List an experiment's cells in the order of its grid."""
    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        spec = experiment.spec
        num_steps = {scenario: spec.under(scenario).num_steps for scenario in spec.scenarios}
        rows = cell_rows.of_experiment(session, experiment_id)
        return [_cell_view(row, num_steps[row.scenario]) for row in rows]


def get_cell(context: Context, owner_id: str, cell_id: UUID) -> CellView:
    """Return one cell; raises NotFound."""
    with context.database.read() as session:
        cell, experiment = find_cell(session, owner_id, cell_id)
        return _cell_view(cell, spec_of(experiment, cell).num_steps)


def list_tensors(context: Context, owner_id: str, cell_id: UUID) -> list[TensorView]:
    """List the effective init std, LR and forward multiplier of every tensor of a cell."""
    with context.database.read() as session:
        find_cell(session, owner_id, cell_id)
        return [
            TensorView(
                name=row.name,
                role=row.role,
                shape=(row.num_rows, row.num_columns),
                forward_mult=row.forward_mult,
                init_std=row.init_std,
                lr_mult=row.lr_mult,
                branch_mult=row.branch_mult,
                epsilon=row.epsilon,
                weight_decay=row.weight_decay,
            )
            for row in cell_rows.tensors_of(session, cell_id)
        ]


def list_runs(context: Context, owner_id: str, experiment_id: UUID) -> list[RunView]:
    """List an experiment's runs with their summaries; no chunk is read."""
    with context.database.read() as session:
        spec = find_experiment(session, owner_id, experiment_id).spec
        cells = {cell.id: cell for cell in cell_rows.of_experiment(session, experiment_id)}
        under = {scenario: spec.under(scenario) for scenario in {cell.scenario for cell in cells.values()}}
        summaries = _summaries_by_run(
            metric_rows.summaries_of_experiment(session, experiment_id),
            {cell.id: under[cell.scenario] for cell in cells.values()},
        )
        return [
            _run_view(run, cells[run.cell_id].state, summaries.get((run.cell_id, run.position), {}))
            for run in cell_rows.runs_of_experiment(session, experiment_id)
        ]


def _cell_view(row: CellRow, num_steps: int) -> CellView:
    own = set(CellView.model_fields) - {"num_steps"}
    return CellView.model_validate({name: getattr(row, name) for name in own} | {"num_steps": num_steps})


def final_of(row: RunSummaryRow, spec: ExperimentSpec) -> float | None:
    """Return the final value in a run's summary; `spec` is the one its scenario trains with."""
    return final_of_summary(
        row.metric,
        last=row.last,
        minimum=row.minimum,
        last_step=row.last_step,
        tail_sum=row.tail_sum,
        tail_count=row.tail_count,
        num_steps=spec.num_steps,
        tail_steps=spec.tail_steps(),
    )


def _summaries_by_run(
    rows: list[RunSummaryRow], specs: Mapping[UUID, ExperimentSpec]
) -> dict[tuple[UUID, int], Summaries]:
    by_run: dict[tuple[UUID, int], Summaries] = {}
    for row in rows:
        by_run.setdefault((row.cell_id, row.position), {})[row.metric] = SummaryView(
            last_step=row.last_step,
            last=row.last,
            minimum=row.minimum,
            minimum_step=row.minimum_step,
            tail_mean=row.tail_sum / row.tail_count if row.tail_count else None,
            final=final_of(row, specs[row.cell_id]),
            num_values=row.num_values,
            num_non_finite=row.num_non_finite,
        )
    return by_run


def _run_view(run: RunRow, cell_state: CellState, summaries: Summaries) -> RunView:
    return RunView(
        id=run.id,
        cell_id=run.cell_id,
        position=run.position,
        scenario=run.scenario,
        parametrization=run.parametrization,
        width=run.width,
        depth=run.depth,
        lr_index=run.lr_index,
        lr=run.lr,
        seed=run.seed,
        state=run_state(cell_state, has_diverged=run.diverged_at is not None),
        diverged_at=run.diverged_at,
        summaries=summaries,
    )
