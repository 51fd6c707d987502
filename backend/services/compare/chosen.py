"""Choice of the experiments that are compared, as an address names them."""

from __future__ import annotations

from uuid import UUID

from muscope.backend.domain.comparison import FEWEST_COMPARED, MOST_COMPARED
from muscope.backend.errors import Malformed


def chosen_ids(text: str) -> tuple[UUID, ...]:
    """Return the ids of a list separated by commas; raises Malformed unless they are two to four others."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not FEWEST_COMPARED <= len(names) <= MOST_COMPARED:
        raise Malformed("compare.number", count=len(names), fewest=FEWEST_COMPARED, most=MOST_COMPARED)
    ids = tuple(map(_id_of, names))
    if repeated := next((each for each in ids if ids.count(each) > 1), None):
        raise Malformed("compare.repeated", id=str(repeated))
    return ids


def _id_of(name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        raise Malformed("compare.not_an_id", given=name[:80]) from None
