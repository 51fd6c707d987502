"""Rows of things that were stored or ended before a moment, whoever owns them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from muscope.backend.accounts.roles import Role
from muscope.backend.db.schema.account_tables import UserRow
from muscope.backend.db.schema.sweeps import SweepRow
from muscope.backend.db.schema.tables import DatasetRow, ExperimentRow, ExperimentTagRow, UploadRow
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES


class Stored(NamedTuple):
    """One thing with its owner, and the moment its age is counted from."""

    id: UUID
    owner_id: str
    name: str
    at: datetime


def ended_experiments(session: Session, before: datetime) -> list[Stored]:
    """List the experiments that ended before a moment, oldest first."""
    ended = func.coalesce(ExperimentRow.finished_at, ExperimentRow.created_at)
    has_ended = (ExperimentRow.state.not_in(OPEN_EXPERIMENT_STATES), ended < before)
    columns = (ExperimentRow.id, ExperimentRow.owner_id, ExperimentRow.name, ended)
    statement = select(*columns).where(*has_ended).order_by(ended, ExperimentRow.id)
    return [Stored._make(row) for row in session.execute(statement)]


def tagged(session: Session, tag: str) -> frozenset[UUID]:
    """Return the ids of the experiments with a tag; upper and lower case are one."""
    statement = select(ExperimentTagRow.experiment_id)
    return frozenset(session.scalars(statement.where(func.lower(ExperimentTagRow.tag) == tag.lower())))


def owners_with_readers(session: Session) -> frozenset[str]:
    """Return the owners whose work an active viewer reads."""
    viewer, owner = aliased(UserRow), aliased(UserRow)
    statement = (
        select(viewer.principal_id)
        .join(owner, owner.principal_id == viewer.principal_id)
        .where(viewer.role == Role.VIEWER, viewer.is_active.is_(True), owner.id != viewer.id)
    )
    return frozenset(session.scalars(statement))


def unused_datasets(session: Session, before: datetime, *, without: Collection[UUID]) -> list[Stored]:
    """List the datasets stored before a moment that no experiment uses, apart from some experiments."""
    used: set[UUID] = set()
    for experiment_id, dataset_id in session.execute(select(ExperimentRow.id, ExperimentRow.dataset_id)):
        if experiment_id not in without:
            used.add(dataset_id)
    found = _stored_before(session, DatasetRow, DatasetRow.created_at < before)
    return [each for each in found if each.id not in used]


def sweeps(session: Session, before: datetime) -> list[Stored]:
    """List the sweeps of others that were stored before a moment."""
    return _stored_before(session, SweepRow, SweepRow.created_at < before)


def uploads(session: Session, before: datetime) -> list[Stored]:
    """List the uploads that were begun before a moment and have not become datasets."""
    return _stored_before(session, UploadRow, UploadRow.created_at < before)


def _stored_before(
    session: Session, table: type[DatasetRow | SweepRow | UploadRow], is_old: ColumnElement[bool]
) -> list[Stored]:
    columns = (table.id, table.owner_id, table.name, table.created_at)
    rows = session.execute(select(*columns).where(is_old).order_by(table.created_at, table.id))
    return [Stored._make(row) for row in rows]
