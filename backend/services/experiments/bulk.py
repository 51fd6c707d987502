"""Deletion and tagging of several experiments at once: all of them, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import tags as tag_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.schema.tables import ExperimentRow
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.errors import Conflict, NotFound
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.labels import MOST_TAGS, Tags

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
    wanted = list(dict.fromkeys(ids))
    with context.database.write() as session:
        rows = _found(session, owner_id, wanted)
        going_on = [row for row in rows if _is_open(session, row)]
        if going_on:
            names = ", ".join(row.name for row in going_on[:MOST_NAMED])
            raise Conflict("experiment.some_still_open", count=len(going_on), names=names)
        for row in rows:
            experiment_rows.remove(session, row.id)
    return len(rows)


def tag_experiments(context: Context, owner_id: str, request: TaggingRequest) -> int:
    """Give tags to experiments and take others away; return the number of those that changed.

    Raises NotFound if one of them does not exist, Conflict where one would have too many tags; then none is
    changed.
    """
    wanted = list(dict.fromkeys(request.ids))
    with context.database.write() as session:
        rows = _found(session, owner_id, wanted)
        before = tag_rows.of_experiments(session, wanted)
        tag_rows.remove(session, wanted, request.remove)
        tag_rows.add(session, wanted, request.add)
        after = tag_rows.of_experiments(session, wanted)
        for row in rows:
            if len(after[row.id]) > MOST_TAGS:
                raise Conflict("experiment.too_many_tags", name=row.name, limit=MOST_TAGS)
        changed = [row for row in rows if before[row.id] != after[row.id]]
        for row in changed:
            experiment_rows.label(row, name=None, notes=None)
    return len(changed)


def _found(session: Session, owner_id: str, ids: Sequence[UUID]) -> list[ExperimentRow]:
    rows = [(each, experiment_rows.lock(session, owner_id, each)) for each in ids]
    missing = next((each for each, row in rows if row is None), None)
    if missing is not None:
        raise NotFound("experiment.not_found", id=str(missing))
    return [row for _, row in rows if row is not None]


def _is_open(session: Session, row: ExperimentRow) -> bool:
    return row.state in OPEN_EXPERIMENT_STATES or cell_rows.num_open(session, row.id) > 0
