"""Which parts of the system answer."""

from __future__ import annotations

from backend.db.migrate import is_current
from backend.errors import Unavailable
from backend.services.context import Context


def missing_parts(context: Context) -> tuple[str, ...]:
    """Name what is not ready: `database`, `schema` (not of this version) or `broker`; empty when all is."""
    broker = () if context.notices.is_up() else ("broker",)
    try:
        database = () if is_current(context.database) else ("schema",)
    except Unavailable:
        database = ("database",)
    return database + broker
