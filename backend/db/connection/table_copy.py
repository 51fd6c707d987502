"""Copy of every row from one database to another of the same schema revision, on either kind of database.

The schema is read from the databases, not from the models, so that an older revision can be copied as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BindParameter,
    Column,
    ColumnElement,
    DateTime,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    cast,
    delete,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from muscope.backend.db.schema.columns import UtcDateTime
from muscope.backend.errors import Unavailable

# A row of measurements can be a megabyte; of one piece two copies are in memory.
ROWS_AT_ONCE = 50
_REVISION = "alembic_version"


class Content(NamedTuple):
    """Number of rows of a table, and the sum of their hashes modulo 2^256: the same in any order of rows."""

    num_rows: int = 0
    digest: int = 0


def table_names(session: Session) -> list[str]:
    """List the tables of a database."""
    return inspect(session.connection()).get_table_names()


def begin_snapshot(session: Session) -> None:
    """Make the new transaction of `Database.read` one that cannot write; it sees one moment already."""
    if _is_server(session):
        session.execute(text("SET TRANSACTION READ ONLY"))


def replace_rows(source: Session, target: Session) -> dict[str, Content]:
    """Replace all rows of `target` by those of `source` and read them back; return the content by table.

    Both have the same schema revision. Nothing is committed. Raises Unavailable naming the first table
    that is missing or whose rows differ after the copy.
    """
    tables = _tables(source, target)
    for _, written in reversed(tables):
        target.execute(delete(written))
    contents = {}
    for read, written in tables:
        copied = _copy(source, read, target, written)
        if _content(_rows(target, written)) != copied:
            raise Unavailable("backup.rows_differ", table=written.name)
        contents[written.name] = copied
    return contents


def _copy(source: Session, read: Table, target: Session, written: Table) -> Content:
    content, names = Content(), [column.name for column in written.columns]
    for rows in _rows(source, read):
        content = _with(content, rows)
        target.connection().execute(insert(written), [dict(zip(names, row, strict=True)) for row in rows])
    return content


def _rows(session: Session, table: Table) -> Iterator[Sequence[Sequence[Any]]]:
    # The server keeps the result and sends it in pieces; a file is read row by row anyhow.
    options = {"stream_results": True, "max_row_buffer": ROWS_AT_ONCE}
    result = session.connection().execute(select(table), execution_options=options)
    yield from result.partitions(ROWS_AT_ONCE)


def _content(pieces: Iterator[Sequence[Sequence[Any]]]) -> Content:
    content = Content()
    for rows in pieces:
        content = _with(content, rows)
    return content


def _with(content: Content, rows: Sequence[Sequence[Any]]) -> Content:
    hashes = (hashlib.sha256(repr([_plain(each) for each in row]).encode()).digest() for row in rows)
    digest = content.digest + sum(int.from_bytes(each, "big") for each in hashes)
    return Content(content.num_rows + len(rows), digest % (1 << 256))


def _plain(value: Any) -> Any:
    """Return a value as both kinds of database return it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, float):
        return value + 0.0  # SQLite does not keep the sign of zero
    return bytes(value) if isinstance(value, memoryview) else value


class _JsonText(TypeDecorator[str]):
    """Text of a JSON column, copied letter by letter: a JSON null stays one, and so do all numbers."""

    impl = Text
    cache_ok = True

    def __init__(self, is_server: bool) -> None:
        super().__init__()
        self.is_server = is_server

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(column, Text)

    def bind_expression(self, bindparam: BindParameter[str]) -> ColumnElement[Any]:
        # To a file JSON is text; a server takes it as JSON only if the statement says that it is.
        return cast(bindparam, JSON) if self.is_server else bindparam


def _tables(source: Session, target: Session) -> list[tuple[Table, Table]]:
    """Return each table as it is read and as it is written, those first that others refer to."""
    read, written = _reflected(source), _reflected(target)
    if different := set(read.tables) ^ set(written.tables):
        raise Unavailable("backup.rows_differ", table=min(different))
    return [_pair(source, read.tables[each.name], target, each) for each in written.sorted_tables]


def _reflected(session: Session) -> MetaData:
    found = MetaData()
    found.reflect(session.connection(), only=lambda name, _: name != _REVISION)
    return found


def _pair(source: Session, read: Table, target: Session, written: Table) -> tuple[Table, Table]:
    """Return one table twice, with the types of a server where one of the two is on one: it has more."""
    if {each.name for each in read.columns} != {each.name for each in written.columns}:
        raise Unavailable("backup.rows_differ", table=written.name)
    typed = read if _is_server(source) else written
    pair = (_typed(typed, is_server=_is_server(session)) for session in (source, target))
    return next(pair), next(pair)


def _typed(table: Table, *, is_server: bool) -> Table:
    columns = [Column(each.name, _portable(each.type, is_server)) for each in table.columns]
    return Table(table.name, MetaData(), *columns)


def _portable(kind: TypeEngine[Any], is_server: bool) -> TypeEngine[Any]:
    generic = kind.as_generic()
    if isinstance(generic, JSON):
        return _JsonText(is_server)
    return UtcDateTime() if isinstance(generic, DateTime) else generic


def _is_server(session: Session) -> bool:
    return session.get_bind().dialect.name != "sqlite"
