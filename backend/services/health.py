"""Health check of the parts of the system."""

from __future__ import annotations

from muscope.backend.db.migrate import is_current
from muscope.backend.errors import Unavailable
from muscope.backend.services.context import Context


def missing_parts(context: Context) -> tuple[str, ...]:
    """Return the parts not ready: `database`, `schema` (of another version) or `broker`; empty if all are."""
    broker = () if context.notices.is_up() else ("broker",)
    try:
        database = () if is_current(context.database) else ("schema",)
    except Unavailable:
        database = ("database",)
    return database + broker
