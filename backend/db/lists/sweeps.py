"""List of stored sweeps: those that are sought, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Float, cast, func, select
from sqlalchemy.orm import Session

from muscope.backend.db.accounts.owners import is_seen_by
from muscope.backend.db.lists.experiments import outcome_rank
from muscope.backend.db.lists.paging import Order, by_code_point, nulls_last
from muscope.backend.db.lists.terms import Term
from muscope.backend.db.schema.sweeps import SweepRow
from muscope.backend.domain.verdict.statement import Outcome


class SweepOrder(StrEnum):
    """Values that sweeps are sorted by."""

    CREATED = "created"
    NAME = "name"
    OUTCOME = "outcome"
    ROWS = "rows"


@dataclass(frozen=True)
class Sought:
    """Sweeps sought: all terms must be met and one of the outcomes; an empty tuple stands for any."""

    terms: tuple[Term, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


def order_by(order: SweepOrder, is_descending: bool) -> Order:
    """Return an order of sweeps; those without an outcome come last in either direction."""
    keys: dict[SweepOrder, ColumnElement[Any]] = {
        SweepOrder.CREATED: SweepRow.created_at.expression,
        SweepOrder.NAME: by_code_point(func.lower(SweepRow.name)),
        SweepOrder.OUTCOME: nulls_last(outcome_rank(SweepRow.outcome), is_descending),
        SweepOrder.ROWS: cast(SweepRow.num_rows, Float),
    }
    return Order(keys[order], is_descending)


def find(session: Session, owner_id: str, sought: Sought, order: Order) -> Sequence[SweepRow]:
    """Return the owner's sweeps that are sought, without files and readings."""
    statement = select(SweepRow).where(is_seen_by(owner_id, SweepRow.owner_id))
    if sought.outcomes:
        statement = statement.where(SweepRow.outcome.in_(sought.outcomes))
    for term in sought.terms:
        statement = statement.where(SweepRow.name.icontains(term.text, autoescape=True))
    key = order.key.desc() if order.is_descending else order.key
    return session.scalars(statement.order_by(key, SweepRow.id)).all()
