"""List of datasets: how large each is, what uses it, whether it was read by answers."""

from __future__ import annotations

from pydantic import Field

from muscope.backend.db.lists import datasets as lists
from muscope.backend.db.lists.datasets import DatasetOrder, Listed, Sought, Uses
from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.ingest.manifest import FileKind
from muscope.backend.services.context import Context
from muscope.backend.services.lists.cursors import MOST_CHARACTERS, read_cursor, write_cursor
from muscope.backend.services.lists.terms import terms_of
from muscope.backend.services.views.list_views import DatasetItem, DatasetPage, Direction


class DatasetQuery(Frozen):
    """Datasets that are sought, their order, and where the page begins."""

    q: str = Field(default="", max_length=200, description="Words that all occur in the name.")
    kind: tuple[FileKind, ...] = Field(default=(), max_length=10, description="Any of these.")
    sort: DatasetOrder = DatasetOrder.CREATED
    order: Direction | None = Field(
        default=None, description="By default `asc` for names, `desc` for the others."
    )
    limit: int = Field(default=50, ge=1, le=500, description="The most entries to return.")
    cursor: str | None = Field(
        default=None, max_length=MOST_CHARACTERS, description="`next` of the page before, unchanged."
    )

    @property
    def is_descending(self) -> bool:
        """Return the direction asked for, else the usual one."""
        return self.sort is not DatasetOrder.NAME if self.order is None else self.order == "desc"


def list_datasets(context: Context, owner_id: str, query: DatasetQuery) -> DatasetPage:
    """Return one page of the owner's datasets, without their profiles.

    Raises InvalidInput for a cursor of another order.
    """
    order = f"{query.sort}/{'desc' if query.is_descending else 'asc'}"
    after = read_cursor(query.cursor, order)
    sought = Sought(terms_of(query.q), query.kind)
    with context.database.read() as session:
        directed = lists.order_by(query.sort, query.is_descending)
        found, more = lists.find(session, owner_id, sought, directed, after=after, limit=query.limit)
        uses = lists.uses_of(session, [each.id for each in found])
        return DatasetPage(
            items=tuple(_item(each, uses.get(each.id, Uses())) for each in found),
            total=lists.count(session, owner_id, sought),
            next=write_cursor(more, order),
        )


def _item(listed: Listed, uses: Uses) -> DatasetItem:
    shape, recipe = listed.shape, listed.recipe or {}
    return DatasetItem.model_validate(
        {
            "id": listed.id,
            "name": listed.name,
            "created_at": listed.created_at,
            "example": listed.example,
            "source_bytes": listed.source_bytes,
            "arrays_bytes": listed.arrays_bytes,
            "shape": shape,
            "kind": listed.kind,
            "num_rows": shape.num_train + shape.num_val,
            "num_columns": listed.num_columns or None,
            "num_open_experiments": uses.num_open,
            "num_ended_experiments": uses.num_ended,
            "has_recipe": bool(recipe.get("options")) and not recipe.get("is_forgotten"),
        }
    )
