"""Name, notes and tags: all that may change of an experiment whose definition is fixed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from muscope.backend.db import experiments as experiment_rows
from muscope.backend.db import tags as tag_rows
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.errors import ChangedMeanwhile
from muscope.backend.services.context import Context
from muscope.backend.services.experiments.store import get_experiment
from muscope.backend.services.lookup import lock_experiment
from muscope.backend.services.names import Name
from muscope.backend.services.views.views import ExperimentView

MOST_TAGS = 20


def once_each(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out a tag that differs from an earlier one in upper and lower case only."""
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(tag.casefold(), tag)
    return tuple(first.values())


# Of the control characters notes need the end of a line and the tab.
Notes = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f,、]+$"),
]
Tags = Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS), AfterValidator(once_each)]


class LabelsRequest(Frozen):
    """Labels to give an experiment; what is left out stays as it is."""

    name: Name | None = None
    notes: Notes | None = Field(default=None, description="Plain text of several lines; empty removes it.")
    tags: Tags | None = Field(default=None, description="All of them; an empty list removes them.")


def change_labels(
    context: Context,
    owner_id: str,
    experiment_id: UUID,
    request: LabelsRequest,
    *,
    edition: int | None = None,
) -> ExperimentView:
    """Change name, notes or tags; neither the definition nor its hash changes.

    Args:
        edition: the one that the user has seen; None: whatever it is now.

    Raises:
        NotFound: no such experiment.
        ChangedMeanwhile: it was edited since.
    """
    with context.database.write() as session:
        row = lock_experiment(session, owner_id, experiment_id)
        if edition is not None and edition != row.edition:
            raise ChangedMeanwhile("experiment.changed_meanwhile", name=row.name)
        given = request.model_dump(exclude_none=True)
        experiment_rows.label(row, name=given.get("name"), notes=given.get("notes"))
        if request.tags is not None:
            tag_rows.replace(session, experiment_id, request.tags)
    return get_experiment(context, owner_id, experiment_id)
