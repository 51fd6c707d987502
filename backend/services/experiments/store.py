"""Creating, reading, cancelling and deleting experiments."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID, uuid4

from muscope.backend.catalogue import DEFAULT_LANGUAGE
from muscope.backend.db import cells as cell_rows
from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import planned_cells
from muscope.backend.db import tags as tag_rows
from muscope.backend.db import verdicts as verdict_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.datasets import Facts
from muscope.backend.db.planned_cells import PlannedRows
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.db.verdicts import Judged
from muscope.backend.domain.cost.prediction import CostedCell
from muscope.backend.domain.lifecycle import CellState, DesiredState, ExperimentState
from muscope.backend.domain.spec.experiment import ExperimentSpec
from muscope.backend.domain.spec.scenario import Scenario
from muscope.backend.domain.verdict.verdict import RULE_VERSIONS
from muscope.backend.errors import Conflict, Malformed
from muscope.backend.events import ProgressNotice
from muscope.backend.figures.names import figures_of
from muscope.backend.services.context import Also, Context, nothing_else
from muscope.backend.services.evidence.experiment_evidence import ExperimentEvidence
from muscope.backend.services.experiments.answers import deciding
from muscope.backend.services.experiments.naming import default_name
from muscope.backend.services.lookup import find_experiment, hold_dataset, is_open, lock_experiment
from muscope.backend.services.plans.draft import (
    Draft,
    ExperimentRequest,
    control_of,
    draft,
)
from muscope.backend.services.time_left.budget import afforded
from muscope.backend.services.time_left.progress import progress_of
from muscope.backend.services.views.views import ConditionsView, DatasetName, ExperimentView
from muscope.backend.storage.disk import require_room_to_start


@dataclass(frozen=True)
class Created:
    """Experiment, and whether this request made it or an earlier one with the same key."""

    experiment: ExperimentView
    is_new: bool


def create_experiment(
    context: Context,
    owner_id: str,
    request: ExperimentRequest,
    *,
    key: str | None,
    language: str = DEFAULT_LANGUAGE,
    also: Also = nothing_else,
) -> Created:
    """Store an experiment with its first cells and ring for them; a repeated key returns the first one.

    Without a name it gets one in `language`.

    Args:
        also: done in the transaction that stores a new one.
    """
    body = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    with context.planning, context.database.read() as session:
        if known := _created_before(session, owner_id, key, body):
            return Created(_plain_view(session, owner_id, known), is_new=False)
        require_room_to_start(context.settings.data_folder)
        require_quota(context, session, owner_id)
        # A plan takes a tenth of a second or more; others who want to write must not wait for it.
        plan = draft(context, session, owner_id, request)
        first = _affordable(plan)
    row = _row(context, owner_id, request, plan, language)
    is_limited = plan.spec.budget is not None
    cells = planned_cells.rows_of(row.id, first, is_limited=is_limited, told_at=context.now())
    with context.database.write() as session:
        known = _created_before(session, owner_id, key, body)
        cell_ids = [] if known else _store(session, owner_id, row, cells)
        if known is None and key is not None:
            experiment_rows.add_key(
                session, owner_id, key, body_sha256=body, experiment_id=row.id, now=context.now()
            )
        if known is None:
            also(session)
    if known is None:
        context.bell.ring(cell_ids, queue=plan.queue)
        context.notices.publish(ProgressNotice(row.id))
    with context.database.read() as session:
        return Created(_plain_view(session, owner_id, known or row.id), is_new=known is None)


def require_quota(context: Context, session: Session, owner_id: str) -> None:
    """Raise Conflict where an owner has as many open experiments as one may have."""
    count, limit = experiment_rows.num_open(session, owner_id), context.settings.max_open_experiments
    if count >= limit:
        raise Conflict("experiment.too_many_open", count=count, limit=limit)


def _store(session: Session, owner_id: str, row: ExperimentRow, cells: PlannedRows) -> list[UUID]:
    """Store an experiment with its first cells and return those to ring for.

    Raises NotFound without its data.
    """
    hold_dataset(session, owner_id, row.dataset_id)  # it may have been deleted meanwhile
    experiment_rows.add(session, row)
    return planned_cells.add(session, cells)


def _created_before(session: Session, owner_id: str, key: str | None, body_sha256: str) -> UUID | None:
    """Return the experiment that a request with this key made; raises Malformed if that had another body."""
    known = None if key is None else experiment_rows.find_key(session, owner_id, key)
    if known is None:
        return None
    if known.body_sha256 != body_sha256:
        raise Malformed("experiment.key_reused", key=known.key)
    return known.experiment_id


def _affordable(plan: Draft) -> list[CostedCell]:
    """Return the cells of the first stage that a plan's budget affords, with their cost."""
    budget = plan.spec.budget
    return list(plan.first) if budget is None else afforded(plan.first, left_seconds=budget.limit_seconds)


def _row(
    context: Context, owner_id: str, request: ExperimentRequest, plan: Draft, language: str
) -> ExperimentRow:
    """Return the row of a planned experiment; without a name it gets one in `language`."""
    return ExperimentRow(
        id=uuid4(),
        owner_id=owner_id,
        dataset_id=plan.dataset.id,
        name=request.name or default_name(plan.dataset, plan.spec, request.preset, language),
        preset=request.preset,
        spec=plan.spec,
        spec_sha256=plan.spec.sha256(),
        model_sha256=getattr(plan.spec.model, "sha256", None),
        state=ExperimentState.QUEUED,
        desired_state=DesiredState.RUN,
        num_runs=plan.num_runs,
        predicted_seconds=plan.expected.wall_seconds,
        created_at=context.now(),
    )


def get_experiment(context: Context, owner_id: str, experiment_id: UUID) -> ExperimentView:
    """Return one experiment; raises NotFound."""
    with context.database.read() as session:
        return _view_of(context, session, owner_id, experiment_id)


def cancel_experiment(context: Context, owner_id: str, experiment_id: UUID) -> ExperimentView:
    """Stop an experiment: queued cells at once, running ones at their next write; repeatable."""
    with context.database.write() as session:
        find_experiment(session, owner_id, experiment_id)
        experiment_rows.want_cancelled(session, experiment_id)
        cell_rows.cancel(session, experiment_id, now=context.now())
        if cell_rows.num_open(session, experiment_id) == 0:
            experiment_rows.end(session, experiment_id, ExperimentState.CANCELLED, now=context.now())
    context.notices.publish(ProgressNotice(experiment_id))
    return get_experiment(context, owner_id, experiment_id)


def delete_experiment(
    context: Context, owner_id: str, experiment_id: UUID, *, also: Also = nothing_else
) -> None:
    """Delete an experiment and all its values; raises Conflict before it has ended."""
    with context.database.write() as session:
        row = lock_experiment(session, owner_id, experiment_id)
        if is_open(session, row):
            raise Conflict("experiment.still_open", name=row.name, state=row.state)
        also(session)
        experiment_rows.remove(session, experiment_id)
    context.database.forget_deleted()


def _view_of(context: Context, session: Session, owner_id: str, experiment_id: UUID) -> ExperimentView:
    view = _plain_view(session, owner_id, experiment_id)
    row = find_experiment(session, owner_id, experiment_id)
    return view.model_copy(update={"progress": progress_of(context, ExperimentEvidence(session, row))})


def _plain_view(session: Session, owner_id: str, experiment_id: UUID) -> ExperimentView:
    """Return an experiment without its progress, which depends on all others that are open."""
    row = find_experiment(session, owner_id, experiment_id)
    return _view(
        row,
        dataset_rows.facts_of(session, {row.dataset_id})[row.dataset_id],
        experiment_rows.cell_counts(session, [row.id])[row.id],
        verdict_rows.outcomes(session, [row.id]).get(row.id, {}),
        tag_rows.of_experiments(session, [row.id])[row.id],
    )


def _conditions(spec: ExperimentSpec, scenario: Scenario) -> ConditionsView:
    under = spec.under(scenario)
    return ConditionsView(
        scenario=scenario,
        num_steps=under.num_steps,
        measure_every=under.measure_every,
        batch_size=under.batch_size,
        lrs={arm.parametrization: arm.lrs for arm in under.arms},
    )


def _view(
    row: ExperimentRow,
    data: Facts,
    counts: dict[str, int],
    outcomes: dict[str, Judged],
    tags: tuple[str, ...],
) -> ExperimentView:
    spec = row.spec
    judged = deciding(row, outcomes)
    return ExperimentView(
        id=row.id,
        name=row.name,
        notes=row.notes,
        tags=tags,
        edition=row.edition,
        preset=row.preset,
        dataset_id=row.dataset_id,
        dataset=DatasetName(id=data.id, name=data.name, example=data.example),
        task=data.shape.task,
        is_log_label=data.shape.is_log_label,
        state=row.state,
        is_cancelling=row.desired_state == DesiredState.CANCELLED,
        version=row.version,
        spec=spec,
        spec_sha256=row.spec_sha256,
        control=control_of(spec),
        num_runs=row.num_runs,
        predicted_seconds=row.predicted_seconds,
        stop_reason=row.stop_reason,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        progress=None,
        cell_counts={CellState(state): count for state, count in counts.items()},
        outcome=None if judged is None else judged.outcome,
        rule_version=None if judged is None else judged.rule_version,
        is_judged_by_old_rules=judged is not None and judged.rule_version not in RULE_VERSIONS,
        figures=figures_of(spec.measures, len(spec.judged_scenarios)),
        conditions=tuple(_conditions(spec, scenario) for scenario in spec.judged_scenarios),
    )
