"""List of datasets: what is sought, in which order, how many experiments use each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Float, Select, case, cast, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from muscope.backend.db.accounts.owners import is_seen_by
from muscope.backend.db.lists.paging import Order, Place, find_page, num_rows
from muscope.backend.db.lists.terms import Term, names_dataset
from muscope.backend.db.schema.tables import DatasetRow, ExperimentRow
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES
from muscope.backend.domain.spec.dataset import DatasetShape, Task

_SHAPE = type_coerce(DatasetRow.shape, JSON)
_PROFILE = type_coerce(DatasetRow.profile, JSON)


class DatasetOrder(StrEnum):
    """Values that datasets are sorted by."""

    CREATED = "created"
    NAME = "name"
    ROWS = "rows"
    BYTES = "bytes"


@dataclass(frozen=True)
class Sought:
    """Datasets sought: all terms must be met and one of the kinds; an empty tuple stands for any."""

    terms: tuple[Term, ...] = ()
    kinds: tuple[str, ...] = ()


class Listed(NamedTuple):
    """Dataset without its profile, which may hold thousands of columns."""

    id: UUID
    name: str
    example: str | None
    created_at: datetime
    source_bytes: int
    arrays_bytes: int
    shape: DatasetShape
    kind: str
    num_columns: int | None
    recipe: dict[str, Any] | None


class Uses(NamedTuple):
    """Experiments that use a dataset: those that go on, and those that have ended."""

    num_open: int = 0
    num_ended: int = 0


def _kind() -> ColumnElement[str]:
    is_text = _SHAPE["task"].as_string() == Task.LANGUAGE_MODELLING.value
    is_image = _SHAPE["image"]["height"].as_integer().is_not(None)
    return case((is_image, "images"), (is_text, "text"), else_="table")


def order_by(order: DatasetOrder, is_descending: bool) -> Order:
    """Return an order of datasets."""
    rows = _SHAPE["num_train"].as_integer() + _SHAPE["num_val"].as_integer()
    keys: dict[DatasetOrder, ColumnElement[Any]] = {
        DatasetOrder.CREATED: DatasetRow.created_at.expression,
        DatasetOrder.NAME: func.lower(DatasetRow.name),
        DatasetOrder.ROWS: cast(rows, Float),
        DatasetOrder.BYTES: cast(DatasetRow.source_bytes + DatasetRow.arrays_bytes, Float),
    }
    return Order(keys[order], is_descending)


def find(
    session: Session, owner_id: str, sought: Sought, order: Order, *, after: Place | None, limit: int
) -> tuple[Sequence[Listed], Place | None]:
    """Return one page of the owner's datasets, and the place after which the next begins."""
    found = find_page(session, _matching(owner_id, sought), DatasetRow.id, order, after=after, limit=limit)
    rows = session.execute(
        select(
            DatasetRow.id,
            DatasetRow.name,
            DatasetRow.example,
            DatasetRow.created_at,
            DatasetRow.source_bytes,
            DatasetRow.arrays_bytes,
            DatasetRow.shape,
            _kind(),
            func.json_array_length(_PROFILE["columns"]),
            _PROFILE["recipe"],
        ).where(DatasetRow.id.in_(found.ids))
    )
    by_id = {row[0]: Listed(*row) for row in rows}
    # Between the two statements one may have been deleted.
    return [by_id[each] for each in found.ids if each in by_id], found.next


def count(session: Session, owner_id: str, sought: Sought) -> int:
    """Count the owner's datasets that are sought."""
    return num_rows(session, _matching(owner_id, sought))


def uses_of(session: Session, dataset_ids: Sequence[UUID]) -> dict[UUID, Uses]:
    """Count the experiments on each dataset, in one query; datasets without any are left out."""
    is_open = case((ExperimentRow.state.in_(OPEN_EXPERIMENT_STATES), 1), else_=0)
    rows = session.execute(
        select(ExperimentRow.dataset_id, func.sum(is_open), func.count())
        .where(ExperimentRow.dataset_id.in_(dataset_ids))
        .group_by(ExperimentRow.dataset_id)
    )
    return {dataset_id: Uses(num_open, total - num_open) for dataset_id, num_open, total in rows}


def _matching(owner_id: str, sought: Sought) -> Select[UUID]:
    statement = select(DatasetRow.id).where(is_seen_by(owner_id, DatasetRow.owner_id))
    if sought.kinds:
        statement = statement.where(or_(*(_kind() == kind for kind in sought.kinds)))
    for term in sought.terms:
        statement = statement.where(names_dataset(term))
    return statement
