"""Tags of experiments as rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from muscope.backend.db.accounts.owners import is_seen_by
from muscope.backend.db.connection.upsert import insert_new
from muscope.backend.db.lists.paging import by_code_point
from muscope.backend.db.schema.tables import ExperimentRow, ExperimentTagRow


def of_experiments(session: Session, experiment_ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return the tags of each experiment in alphabetical order, in one query."""
    rows = session.execute(
        select(ExperimentTagRow.experiment_id, ExperimentTagRow.tag)
        .where(ExperimentTagRow.experiment_id.in_(experiment_ids))
        .order_by(by_code_point(ExperimentTagRow.tag))
    )
    found: dict[UUID, tuple[str, ...]] = dict.fromkeys(experiment_ids, ())
    for experiment_id, tag in rows:
        found[experiment_id] += (tag,)
    return found


def add(session: Session, experiment_ids: Collection[UUID], tags: Collection[str]) -> None:
    """Give every experiment all of the tags; those it has already stay."""
    rows = [{"experiment_id": each, "tag": tag} for each in experiment_ids for tag in tags]
    insert_new(session, ExperimentTagRow, rows)


def replace(session: Session, experiment_id: UUID, tags: Collection[str]) -> None:
    """Give an experiment exactly these tags."""
    session.execute(delete(ExperimentTagRow).where(ExperimentTagRow.experiment_id == experiment_id))
    add(session, [experiment_id], tags)


def counts(session: Session, owner_id: str) -> list[tuple[str, int]]:
    """List the owner's tags in alphabetical order, each with the number of its experiments."""
    rows = session.execute(
        select(ExperimentTagRow.tag, func.count())
        .join(ExperimentRow, ExperimentRow.id == ExperimentTagRow.experiment_id)
        .where(is_seen_by(owner_id, ExperimentRow.owner_id))
        .group_by(ExperimentTagRow.tag)
        .order_by(by_code_point(ExperimentTagRow.tag))
    )
    return [(tag, count) for tag, count in rows]
