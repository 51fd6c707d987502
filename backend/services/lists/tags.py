"""The tags in use."""

from __future__ import annotations

from muscope.backend.db import tags as tag_rows
from muscope.backend.services.context import Context
from muscope.backend.services.views.list_views import TagView


def list_tags(context: Context, owner_id: str) -> list[TagView]:
    """List the owner's tags in alphabetical order, each with the number of its experiments."""
    with context.database.read() as session:
        return [TagView(tag=tag, num_experiments=count) for tag, count in tag_rows.counts(session, owner_id)]
