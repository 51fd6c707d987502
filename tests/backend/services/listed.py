"""The list of experiments as a user sees it first."""

from __future__ import annotations

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.services.context import Context
from muscope.backend.services.lists.experiments import ExperimentQuery, list_experiments
from muscope.backend.services.views.list_views import ExperimentItem


def listed(context: Context, owner_id: str = LOCAL_OWNER) -> tuple[ExperimentItem, ...]:
    """Return the first page, newest first."""
    return list_experiments(context, owner_id, ExperimentQuery()).items
