"""The one place that decides whose rows a visitor sees."""

from __future__ import annotations

from sqlalchemy import ColumnElement, true
from sqlalchemy.orm import InstrumentedAttribute

from muscope.backend.accounts.roles import Overseer


def is_seen_by(owner_id: str, column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition that a row belongs to a visitor, or that the visitor sees everybody's.

    Args:
        owner_id: of the visitor; an `Overseer` sees all.
        column: of the owner's id.
    """
    return true() if isinstance(owner_id, Overseer) else column == owner_id


def sees(owner_id: str, of_row: str) -> bool:
    """Tell whether a visitor sees a row that was read for everybody, by the id of its owner."""
    return isinstance(owner_id, Overseer) or of_row == owner_id
