"""List of stored sweeps: those that are sought, in the order that is asked for."""

from __future__ import annotations

from muscope.backend.db.lists import sweeps as lists
from muscope.backend.db.lists.sweeps import Sought, SweepOrder
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.domain.verdict.statement import Outcome
from muscope.backend.services.context import Context
from muscope.backend.services.lists.terms import terms_of
from muscope.backend.services.sweeps.views import SweepItem, item_of
from muscope.backend.services.views.list_views import Direction

__all__ = ["SweepOrder", "SweepQuery", "list_sweeps"]


class SweepQuery(Frozen):
    """Sweeps that are sought by words of the name and by outcomes, and their order."""

    q: str = ""
    outcome: tuple[Outcome, ...] = ()
    sort: SweepOrder = SweepOrder.CREATED
    order: Direction | None = None

    @property
    def is_descending(self) -> bool:
        """Return the direction asked for, else the usual one."""
        if self.order is not None:
            return self.order == "desc"
        return self.sort in (SweepOrder.CREATED, SweepOrder.ROWS)


def list_sweeps(context: Context, owner_id: str, query: SweepQuery) -> list[SweepItem]:
    """Return the owner's sweeps that are sought, without their readings."""
    sought = Sought(terms_of(query.q), query.outcome)
    order = lists.order_by(query.sort, query.is_descending)
    with context.database.read() as session:
        return [item_of(row) for row in lists.find(session, owner_id, sought, order)]
