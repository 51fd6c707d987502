"""Choices of a stored sweep, changed one by one: the server takes all of them together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Any number of columns may have these.
_MANY = frozenset({"shape", "condition", "label"})


def changed_choices(stored: Mapping[str, Any], roles: Mapping[str, str], **others: Any) -> dict[str, Any]:
    """Return the choices of a sweep after a change; what is not named stays.

    Args:
        roles: role of a column, such as `{"val_loss": "loss"}`; the one that was chosen for it gives it up.
        others: `arm`, `axis`, `law` and `initial_loss`; None takes a choice back, of `law` leaves it out.
    """
    taken = set(roles.values()) - _MANY
    kept = {column: role for column, role in stored["roles"].items() if role not in taken}
    return {**stored, "roles": kept | dict(roles), **others}
