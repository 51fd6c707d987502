"""The lists as a user sees them first."""

from __future__ import annotations

from muscope.backend.db.schema.tables import LOCAL_OWNER
from muscope.backend.services.context import Context
from muscope.backend.services.lists.datasets import DatasetQuery, list_datasets
from muscope.backend.services.lists.experiments import ExperimentQuery, list_experiments
from muscope.backend.services.views.list_views import DatasetItem, ExperimentItem


def listed(context: Context, owner_id: str = LOCAL_OWNER) -> tuple[ExperimentItem, ...]:
    """Return the first page, newest first."""
    return list_experiments(context, owner_id, ExperimentQuery()).items


def listed_datasets(context: Context, owner_id: str = LOCAL_OWNER) -> tuple[DatasetItem, ...]:
    """Return the first page of datasets, newest first."""
    return list_datasets(context, owner_id, DatasetQuery()).items
