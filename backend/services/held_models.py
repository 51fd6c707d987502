"""Models that live workers have announced, and the one that a request names."""

from __future__ import annotations

from muscope.backend.db.connection.session import Session
from muscope.backend.db.machines import models
from muscope.backend.db.schema.model_table import WorkerModelRow
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.errors import InvalidInput, NotFound
from muscope.backend.services.context import Context
from muscope.backend.services.workers import FRESH


def held_models(context: Context, session: Session) -> dict[str, list[WorkerModelRow]]:
    """Return what live workers hold, by name; of each the latest announcement first."""
    found: dict[str, list[WorkerModelRow]] = {}
    for row in models.held_since(session, context.now() - FRESH):
        found.setdefault(row.network, []).append(row)
    return found


def find_model(context: Context, session: Session, network: str, sha256: str | None = None) -> WorkerModelRow:
    """Return the latest announcement of a model; raises NotFound, or InvalidInput if it cannot be trained."""
    held = held_models(context, session)
    rows = [row for row in held.get(network, []) if sha256 in (None, row.sha256)]
    if not rows:
        known = ", ".join(held) or "-"
        raise NotFound("model.not_held", model=network or "-", version=(sha256 or "-")[:12], known=known)
    row = next((each for each in rows if each.description is not None), rows[0])
    if row.description is None:
        raise InvalidInput(row.error_code or "brought.no_file", **(row.error_params or {}))
    return row


def announced(context: Context, session: Session, model: ModelFamily | None) -> ModelFamily | None:
    """Return a request's model, a brought one as the workers that hold it describe it.

    Raises InvalidInput for adapters that the model cannot have.
    """
    if not isinstance(model, Brought):
        return model
    description = find_model(context, session, model.network, model.sha256).description
    assert description is not None
    if isinstance(model, Adapted):
        return model.described_by(description.family, description.adaptable)
    return description.family
