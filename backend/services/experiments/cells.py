"""Cells of an experiment, and the final value in a run's summary: no chunk is read here."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from muscope.backend.analysis.final_values import final_of_summary
from muscope.backend.catalogue import DEFAULT_LANGUAGE, error_text
from muscope.backend.db import cells as cell_rows
from muscope.backend.db.schema.tables import CellRow, RunSummaryRow
from muscope.backend.domain.lifecycle import CellState
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.errors import from_stored
from muscope.backend.services.context import Context
from muscope.backend.services.lookup import find_cell, find_experiment, spec_of
from muscope.backend.services.views.views import CellView, TensorView


def list_cells(
    context: Context,
    owner_id: str,
    experiment_id: UUID,
    *,
    language: str = DEFAULT_LANGUAGE,
    states: Collection[CellState] | None = None,
) -> list[CellView]:
    """List an experiment's cells in the order of its grid; those in `states` only, where any are given."""
    with context.database.read() as session:
        experiment = find_experiment(session, owner_id, experiment_id)
        spec = experiment.spec
        num_steps = {scenario: spec.under(scenario).num_steps for scenario in spec.scenarios}
        rows = cell_rows.of_experiment(session, experiment_id)
        return [
            _cell_view(row, num_steps[row.scenario], language)
            for row in rows
            if not states or row.state in states
        ]


def get_cell(context: Context, owner_id: str, cell_id: UUID, language: str = DEFAULT_LANGUAGE) -> CellView:
    """Return one cell; raises NotFound."""
    with context.database.read() as session:
        cell, experiment = find_cell(session, owner_id, cell_id)
        return _cell_view(cell, spec_of(experiment, cell).num_steps, language)


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


def _cell_view(row: CellRow, num_steps: int, language: str) -> CellView:
    own = set(CellView.model_fields) - {"num_steps", "error_detail"}
    values = {name: getattr(row, name) for name in own}
    detail = _detail_text(row.error_detail, language)
    return CellView.model_validate(values | {"num_steps": num_steps, "error_detail": detail})


def _detail_text(stored: str | None, language: str) -> str | None:
    """Return the words of an error of ours; other details are shown as they are."""
    error = None if stored is None else from_stored(stored)
    return stored if error is None else error_text(error, language)


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
