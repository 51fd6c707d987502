"""Deletion and tagging of several experiments at once: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import tags as tag_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.errors import Conflict
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.labels import MOST_TAGS, Tags, once_each
from muscope.backend.services.lookup import is_open, lock_experiment

# Names in one message; more say no more.
MOST_NAMED = 5
_ID = "3f0c9d5e-8a51-4a4e-9d43-1d2f6f0b7c11"
Ids = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=500)]


class DeletionRequest(Frozen):
    """Experiments to delete."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"ids": [_ID]}]})

    ids: Ids


class TaggingRequest(Frozen):
    """Experiments, with the tags to give them and those to take away."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"ids": [_ID], "add": ["night"], "remove": ["day"]}]}
    )

    ids: Ids
    add: Tags = ()
    remove: Tags = ()


def delete_experiments(context: Context, owner_id: str, ids: Sequence[UUID]) -> int:
    """Delete experiments with all they measured; return their number.

    Raises NotFound if one of them does not exist, Conflict naming those that have not ended; then none is
    deleted.
    """
    with context.database.write() as session:
        rows = _found(session, owner_id, ids)
        going_on = [row for row in rows if is_open(session, row)]
        if going_on:
            names = ", ".join(row.name for row in going_on[:MOST_NAMED])
            raise Conflict("experiment.some_still_open", count=len(going_on), names=names)
        for row in rows:
            experiment_rows.remove(session, row.id)
    context.database.forget_deleted()
    return len(rows)


def tag_experiments(context: Context, owner_id: str, request: TaggingRequest) -> int:
    """Give tags to experiments and take others away; return the number of those that changed.

    Raises NotFound if one of them does not exist, Conflict where one would have too many tags; then none is
    changed.
    """
    with context.database.write() as session:
        rows = _found(session, owner_id, request.ids)
        before = tag_rows.of_experiments(session, [row.id for row in rows])
        after = {row.id: _tags_after(before[row.id], request) for row in rows}
        changed = [row for row in rows if set(before[row.id]) != set(after[row.id])]
        for row in changed:
            if len(after[row.id]) > MOST_TAGS:
                raise Conflict("experiment.too_many_tags", name=row.name, limit=MOST_TAGS)
            tag_rows.replace(session, row.id, after[row.id])
            experiment_rows.label(row, name=None, notes=None)
    return len(changed)


def _tags_after(tags: Sequence[str], request: TaggingRequest) -> tuple[str, ...]:
    """Return tags without those taken away and with those given; upper and lower case are one."""
    taken = {tag.casefold() for tag in request.remove}
    return once_each((*(tag for tag in tags if tag.casefold() not in taken), *request.add))


def _found(session: Session, owner_id: str, ids: Sequence[UUID]) -> list[ExperimentRow]:
    """Lock experiments in the order of their ids, so that two writers never wait for each other."""
    return [lock_experiment(session, owner_id, each) for each in sorted(set(ids))]
