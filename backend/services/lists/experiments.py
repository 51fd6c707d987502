"""The list of experiments: where each stands and what it answered, of the few that are sought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from muscope.backend.db import datasets as dataset_rows
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import tags as tag_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.datasets import Facts
from muscope.backend.db.lists import experiments as lists
from muscope.backend.db.lists.experiments import ExperimentOrder, Sought
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.cost.time_left import share_done
from muscope.backend.domain.lifecycle import DesiredState, ExperimentState
from muscope.backend.domain.plan.presets import Preset
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.domain.verdict.verdict import RULE_VERSIONS
from muscope.backend.services.context import Context
from muscope.backend.services.lists.cursors import MOST_CHARACTERS, read_cursor, write_cursor
from muscope.backend.services.lists.terms import terms_of
from muscope.backend.services.time_left.queue import course_of
from muscope.backend.services.views.list_views import Direction, ExperimentItem, ExperimentPage
from muscope.backend.services.views.views import DatasetName
from muscope.backend.services.workers import capacity_of, fresh_workers

Word = Annotated[str, StringConstraints(min_length=1, max_length=50)]


class ExperimentQuery(Frozen):
    """Experiments that are sought, their order, and where the page begins."""

    q: str = Field(
        default="",
        max_length=200,
        description="Words that all occur in name, notes, tags or the name of the data.",
    )
    state: tuple[ExperimentState, ...] = Field(default=(), max_length=10, description="Any of these.")
    outcome: tuple[Outcome, ...] = Field(default=(), max_length=10, description="Any of these.")
    dataset: tuple[UUID, ...] = Field(default=(), max_length=50, description="On any of these.")
    tag: tuple[Word, ...] = Field(default=(), max_length=20, description="With all of these.")
    preset: tuple[Preset, ...] = Field(default=(), max_length=10, description="Planned with any of these.")
    parametrization: tuple[Parametrization, ...] = Field(
        default=(), max_length=10, description="With any of these among its arms."
    )
    sort: ExperimentOrder = ExperimentOrder.CREATED
    order: Direction | None = Field(
        default=None, description="By default `desc` for times and durations, `asc` for the others."
    )
    limit: int = Field(default=50, ge=1, le=500, description="The most entries to return.")
    cursor: str | None = Field(
        default=None, max_length=MOST_CHARACTERS, description="`next` of the page before, unchanged."
    )

    @property
    def is_descending(self) -> bool:
        """Return the direction asked for, else the usual one."""
        if self.order is not None:
            return self.order == "desc"
        return self.sort in (ExperimentOrder.CREATED, ExperimentOrder.DURATION)


def list_experiments(context: Context, owner_id: str, query: ExperimentQuery) -> ExperimentPage:
    """Return one page of the owner's experiments, without reading any history.

    Raises InvalidInput for a cursor of another order.
    """
    order = f"{query.sort}/{'desc' if query.is_descending else 'asc'}"
    after = read_cursor(query.cursor, order)
    sought = _sought(query)
    with context.database.read() as session:
        directed = lists.order_by(query.sort, query.is_descending)
        rows, more = lists.find(session, owner_id, sought, directed, after=after, limit=query.limit)
        data = dataset_rows.facts_of(session, {row.dataset_id for row in rows})
        tags = tag_rows.of_experiments(session, [row.id for row in rows])
        shares = _shares_done(context, session, rows)
        return ExperimentPage(
            items=tuple(_item(row, data[row.dataset_id], tags[row.id], shares.get(row.id)) for row in rows),
            total=lists.count(session, owner_id, sought),
            next=write_cursor(more, order),
        )


def _sought(query: ExperimentQuery) -> Sought:
    return Sought(
        terms=terms_of(query.q),
        states=query.state,
        outcomes=query.outcome,
        dataset_ids=query.dataset,
        tags=query.tag,
        presets=query.preset,
        parametrizations=query.parametrization,
    )


def _shares_done(context: Context, session: Session, rows: Sequence[ExperimentRow]) -> dict[UUID, float]:
    """Return how far the experiments are that train now, as their own pages say it."""
    running = {row.id for row in rows if row.state is ExperimentState.RUNNING}
    if not running:
        return {}
    capacity = capacity_of(context, session, fresh_workers(context, session))
    found = [each for each in experiment_rows.unfinished_with_sums(session) if each.id in running]
    courses = {each.id: course_of(context, session, each, capacity) for each in found}
    return {each: share_done(course.cells, course.later) for each, course in courses.items()}


def _item(row: ExperimentRow, data: Facts, tags: tuple[str, ...], share: float | None) -> ExperimentItem:
    spec = row.spec
    ended = None if row.started_at is None or row.finished_at is None else row.finished_at - row.started_at
    return ExperimentItem(
        id=row.id,
        name=row.name,
        notes=row.notes[:200],
        tags=tags,
        edition=row.edition,
        dataset=DatasetName(id=data.id, name=data.name, example=data.example),
        state=row.state,
        is_cancelling=row.desired_state == DesiredState.CANCELLED,
        share_done=share,
        outcome=row.outcome,
        rule_version=row.rule_version,
        is_judged_by_old_rules=row.rule_version is not None and row.rule_version not in RULE_VERSIONS,
        preset=row.preset,
        arms=tuple(arm.parametrization for arm in spec.arms),
        widths=spec.widths,
        are_ranks=spec.model.has_ranks,
        target_width=spec.target_width,
        target_depth=spec.target_depth,
        num_runs=row.num_runs,
        num_steps=spec.num_steps,
        predicted_seconds=row.predicted_seconds,
        seconds=None if ended is None else ended.total_seconds(),
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
