"""Pages by the place of their last row (keyset), so that page 200 costs as much as page 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Select, String, and_, cast, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.functions import GenericFunction


class Place(NamedTuple):
    """Place of a row in an order: the value it is sorted by, then its id."""

    value: Any
    id: UUID


class Order(NamedTuple):
    """Order of a list: an expression without nulls, ties broken by the id in the same direction."""

    key: ColumnElement[Any]
    is_descending: bool


class Found(NamedTuple):
    """Rows of one page, and the place of the last of them if more follow."""

    ids: Sequence[UUID]
    next: Place | None


class seconds_between(GenericFunction[float]):  # noqa: N801 (named as SQL functions are)
    """Seconds from one moment to another; null if either is."""

    type = Float()
    inherit_cache = True


class by_code_point(GenericFunction[str]):  # noqa: N801 (named as SQL functions are)
    """Text in the order of its letters' numbers, whatever the language of a server is."""

    type = String()
    inherit_cache = True


@compiles(by_code_point, "sqlite")
def _binary(element: Any, compiler: Any, **options: Any) -> str:
    return f"({_only(element, compiler, options)} COLLATE BINARY)"


@compiles(by_code_point, "postgresql")
def _c_locale(element: Any, compiler: Any, **options: Any) -> str:
    return f'({_only(element, compiler, options)} COLLATE "C")'


def _only(element: Any, compiler: Any, options: dict[str, Any]) -> str:
    (text,) = element.clauses
    return str(compiler.process(text, **options))


@compiles(seconds_between, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(each, **options) for each in element.clauses)
    return f"((julianday({end}) - julianday({start})) * 86400.0)"


@compiles(seconds_between, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({end} - {start})) AS DOUBLE PRECISION)"


def find_page(
    session: Session,
    statement: Select[UUID],
    row_id: InstrumentedAttribute[UUID],
    order: Order,
    *,
    after: Place | None,
    limit: int,
) -> Found:
    """Return the ids of one page of a statement that selects ids."""
    key, is_descending = order
    if after is not None:
        statement = statement.where(_is_after(key, row_id, after, is_descending))
    directed = (key.desc(), row_id.desc()) if is_descending else (key, row_id)
    rows = session.execute(statement.add_columns(key).order_by(*directed).limit(limit + 1)).all()
    shown = rows[:limit]
    more = Place(shown[-1][1], shown[-1][0]) if len(rows) > limit else None
    return Found([row[0] for row in shown], more)


def _is_after(
    key: ColumnElement[Any], row_id: InstrumentedAttribute[UUID], place: Place, is_descending: bool
) -> ColumnElement[bool]:
    if is_descending:
        return or_(key < place.value, and_(key == place.value, row_id < place.id))
    return or_(key > place.value, and_(key == place.value, row_id > place.id))


def num_rows(session: Session, statement: Select[UUID]) -> int:
    """Count all rows of a statement, whatever the page."""
    return session.scalar(select(func.count()).select_from(statement.subquery())) or 0


def nulls_last(value: ColumnElement[Any], is_descending: bool) -> ColumnElement[Any]:
    """Return a number with nulls after every number, whatever the direction."""
    return func.coalesce(cast(value, Float), -1e18 if is_descending else 1e18)
