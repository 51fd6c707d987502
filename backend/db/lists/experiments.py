"""List of experiments: what is sought, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from muscope.backend.db.accounts.owners import is_seen_by
from muscope.backend.db.lists.paging import (
    Found,
    Order,
    Place,
    by_code_point,
    find_page,
    nulls_last,
    num_rows,
    seconds_between,
)
from muscope.backend.db.lists.terms import Term, names_dataset
from muscope.backend.db.schema.tables import CellRow, DatasetRow, ExperimentRow, ExperimentTagRow
from muscope.backend.domain.lifecycle import ExperimentState
from muscope.backend.domain.spec.parametrization import Parametrization
from muscope.backend.domain.verdict.statement import Outcome


class ExperimentOrder(StrEnum):
    """Values that experiments are sorted by."""

    CREATED = "created"
    NAME = "name"
    STATE = "state"
    OUTCOME = "outcome"
    DURATION = "duration"


@dataclass(frozen=True)
class Sought:
    """Experiments sought; an empty tuple stands for any. Of terms and tags all must be met, of others one."""

    terms: tuple[Term, ...] = ()
    states: tuple[ExperimentState, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    dataset_ids: tuple[UUID, ...] = ()
    tags: tuple[str, ...] = ()
    presets: tuple[str, ...] = ()
    parametrizations: tuple[Parametrization, ...] = ()


# Those that go on come first, then those that need a look.
_STATES = (
    ExperimentState.RUNNING,
    ExperimentState.QUEUED,
    ExperimentState.FAILED,
    ExperimentState.COMPLETED,
    ExperimentState.CANCELLED,
)
_OUTCOMES = (
    Outcome.TRANSFERS,
    Outcome.SHARPNESS_DRIFTS,
    Outcome.FINE_TUNE,
    Outcome.INCONCLUSIVE,
    Outcome.DOES_NOT_TRANSFER,
)


def outcome_rank(column: InstrumentedAttribute[Outcome | None]) -> ColumnElement[Any]:
    """Return the place of an outcome from the most to the least favourable; null where there is none."""
    return case({name: rank for rank, name in enumerate(_OUTCOMES)}, value=column)


def order_by(order: ExperimentOrder, is_descending: bool) -> Order:
    """Return an order of experiments; those without the value come last in either direction."""
    of_state = case({name: rank for rank, name in enumerate(_STATES)}, value=ExperimentRow.state)
    duration = seconds_between(ExperimentRow.started_at, ExperimentRow.finished_at)
    keys: dict[ExperimentOrder, ColumnElement[Any]] = {
        ExperimentOrder.CREATED: ExperimentRow.created_at.expression,
        ExperimentOrder.NAME: by_code_point(func.lower(ExperimentRow.name)),
        ExperimentOrder.STATE: of_state,
        ExperimentOrder.OUTCOME: nulls_last(outcome_rank(ExperimentRow.outcome), is_descending),
        ExperimentOrder.DURATION: nulls_last(duration, is_descending),
    }
    return Order(keys[order], is_descending)


def find(
    session: Session, owner_id: str, sought: Sought, order: Order, *, after: Place | None, limit: int
) -> tuple[Sequence[ExperimentRow], Place | None]:
    """Return one page of the owner's experiments, and the place after which the next begins."""
    found: Found = find_page(
        session, _matching(owner_id, sought), ExperimentRow.id, order, after=after, limit=limit
    )
    rows = session.scalars(select(ExperimentRow).where(ExperimentRow.id.in_(found.ids)))
    by_id = {row.id: row for row in rows}
    # Between the two statements one may have been deleted.
    return [by_id[each] for each in found.ids if each in by_id], found.next


def count(session: Session, owner_id: str, sought: Sought) -> int:
    """Count the owner's experiments that are sought."""
    return num_rows(session, _matching(owner_id, sought))


def _matching(owner_id: str, sought: Sought) -> Select[UUID]:
    statement = select(ExperimentRow.id).where(is_seen_by(owner_id, ExperimentRow.owner_id))
    for column, values in (
        (ExperimentRow.state, sought.states),
        (ExperimentRow.outcome, sought.outcomes),
        (ExperimentRow.dataset_id, sought.dataset_ids),
        (ExperimentRow.preset, sought.presets),
    ):
        if values:
            statement = statement.where(column.in_(values))
    if sought.parametrizations:
        is_trained = CellRow.parametrization.in_(sought.parametrizations)
        statement = statement.where(exists().where(CellRow.experiment_id == ExperimentRow.id, is_trained))
    for tag in sought.tags:
        statement = statement.where(_has_tag(ExperimentTagRow.tag == tag))
    for term in sought.terms:
        statement = statement.where(_contains(term))
    return statement


def _has_tag(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(ExperimentTagRow.experiment_id == ExperimentRow.id, condition)


def _contains(term: Term) -> ColumnElement[bool]:
    return or_(
        ExperimentRow.name.icontains(term.text, autoescape=True),
        ExperimentRow.notes.icontains(term.text, autoescape=True),
        ExperimentRow.dataset_id.in_(select(DatasetRow.id).where(names_dataset(term))),
        _has_tag(ExperimentTagRow.tag.icontains(term.text, autoescape=True)),
    )
