"""Cursors: the place where the next page begins, as clients hand it back."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from muscope.backend.db.lists.paging import Place
from muscope.backend.errors import InvalidInput

MOST_CHARACTERS = 2000


def write_cursor(place: Place | None, order: str) -> str | None:
    """Return a place in an order as text for an address; None at the end of the list."""
    if place is None:
        return None
    value = place.value.isoformat() if isinstance(place.value, datetime) else place.value
    content = json.dumps([order, value, str(place.id)], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_cursor(text: str | None, order: str) -> Place | None:
    """Return the place that a cursor stands for; raises InvalidInput for one of another order."""
    if text is None:
        return None
    try:
        found, value, row_id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if found != order:
            raise ValueError(found)
        return Place(_value(value, order), UUID(row_id))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise InvalidInput("list.cursor_unknown", given=text[:80]) from error


def _value(value: Any, order: str) -> datetime | str | float:
    kind = order.split("/", maxsplit=1)[0]
    if kind == "created":
        return datetime.fromisoformat(value)
    if kind == "name":
        if "\0" in (name := str(value)):
            raise ValueError(name)  # PostgreSQL takes none
        return name
    return float(value)
