"""A whole experiment as plain values, and back: to ship a finished one with the product.

Ids are not kept. Those of the copy follow from its own experiment, as they would had it been planned here.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import BaseModel
from sqlalchemy import Column, LargeBinary, inspect, select
from sqlalchemy.exc import InterfaceError, OperationalError, StatementError
from sqlalchemy.orm import Session

from muscope.backend.db.connection.upsert import insert_new
from muscope.backend.db.schema.base import Base
from muscope.backend.db.schema.columns import Document, UtcDateTime
from muscope.backend.db.schema.tables import (
    CellRow,
    CellTensorRow,
    ExperimentRow,
    MetricChunkRow,
    RunRow,
    RunSummaryRow,
    VerdictRow,
)
from muscope.backend.domain.lifecycle import OPEN_EXPERIMENT_STATES, CellState, ExperimentState
from muscope.backend.domain.protocol.grid import PlannedCell, PlannedRun
from muscope.backend.domain.verdict.verdict import Verdict
from muscope.backend.errors import InvalidInput

Row = dict[str, Any]
# Rows by the name of their table, a table after those that it refers to.
Archive = dict[str, list[Row]]
# Rows with the values of their columns, by table, in the same order.
Copy = list[tuple[type[Base], list[Row]]]
_OPEN_CELLS = frozenset({CellState.QUEUED, CellState.RUNNING})
_EXPERIMENT: tuple[type[Base], ...] = (ExperimentRow,)
_OF_EXPERIMENT: tuple[type[Base], ...] = (CellRow, RunRow, VerdictRow)
_OF_CELL: tuple[type[Base], ...] = (CellTensorRow, RunSummaryRow, MetricChunkRow)


def archived(session: Session, experiment_id: UUID) -> Archive:
    """Return every row of an experiment; raises NoResultFound for an unknown one."""
    cells = select(CellRow.id).where(CellRow.experiment_id == experiment_id)
    found: Archive = {"experiment": [_plain(session.get_one(ExperimentRow, experiment_id))]}
    for table in _OF_EXPERIMENT:
        rows = session.scalars(select(table).where(inspect(table).c.experiment_id == experiment_id)).all()
        found[table.__tablename__] = _ordered(rows)
    for table in _OF_CELL:
        rows = session.scalars(select(table).where(inspect(table).c.cell_id.in_(cells))).all()
        found[table.__tablename__] = _ordered(rows)
    return found


def copied(archive: Archive, experiment_id: UUID, **of_experiment: object) -> Copy:
    """Return the rows of a copy under `experiment_id`, before the transaction that stores them.

    A cell's fence becomes 0: no worker of this installation has trained it, so its times teach nothing.

    Args:
        of_experiment: columns that the place decides.
    """
    ids = _new_ids(archive, experiment_id)
    copy: Copy = []
    for table in (*_EXPERIMENT, *_OF_EXPERIMENT, *_OF_CELL):
        rows = [_typed(table, row, ids) for row in archive[table.__tablename__]]
        for row in rows:
            row.update(of_experiment if table is ExperimentRow else {})
            row.update({"fence": 0, "owner": None} if table is CellRow else {})
        copy.append((table, rows))
    return copy


def store(session: Session, copy: Copy) -> None:
    """Store the rows of a copy."""
    for table, rows in copy:
        insert_new(session, table, rows)


def has_ended(archive: Archive) -> bool:
    """Return whether the archive is of one experiment whose cells have all ended.

    Raises InvalidInput for rows of another form.
    """
    with refusing():
        (experiment,) = archive[ExperimentRow.__tablename__]
        is_open = ExperimentState(experiment["state"]) in OPEN_EXPERIMENT_STATES
        return not is_open and not any(CellState(row["state"]) in _OPEN_CELLS for row in archive["cell"])


def copied_checked(archive: Archive, experiment_id: UUID, **of_experiment: object) -> Copy:
    """Return the rows of a copy of what came from elsewhere; raises InvalidInput if they cannot be ours."""
    with refusing():
        for row in archive[VerdictRow.__tablename__]:
            Verdict.model_validate(row["body"], extra="ignore")
        return copied(archive, experiment_id, **of_experiment)


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what rows of another form raise into InvalidInput; a database that is away stays what it is."""
    try:
        yield
    except (OperationalError, InterfaceError):
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, StatementError) as error:
        raise InvalidInput("archive.damaged", part="rows.json") from error


def _new_ids(archive: Archive, experiment_id: UUID) -> dict[str, UUID]:
    """Return the copy's id of every id in the archive, by the rules that planning follows."""
    ids = {archive["experiment"][0]["id"]: experiment_id}
    for cell in archive["cell"]:
        runs = sorted(
            (run for run in archive["run"] if run["cell_id"] == cell["id"]), key=lambda run: run["position"]
        )
        cell_id = _planned(cell, runs).id_in(experiment_id)
        ids[cell["id"]] = cell_id
        ids.update({run["id"]: uuid5(cell_id, f"{run['lr_index']}/{run['seed']}") for run in runs})
    ids.update({row["id"]: uuid5(experiment_id, row["id"]) for row in archive["verdict"]})
    return ids


def _planned(cell: Row, runs: Sequence[Row]) -> PlannedCell:
    return PlannedCell(
        scenario=cell["scenario"],
        parametrization=cell["parametrization"],
        width=cell["width"],
        depth=cell["depth"],
        runs=tuple(PlannedRun(run["lr_index"], run["lr"], run["seed"]) for run in runs),
        has_curvature=cell["has_curvature"],
    )


def _plain(row: Base) -> Row:
    return {column.name: _plain_value(getattr(row, column.name)) for column in inspect(type(row)).columns}


def _plain_value(value: object) -> object:
    match value:
        case UUID() | datetime():
            return value.isoformat() if isinstance(value, datetime) else str(value)
        case bytes():
            return b64encode(value).decode()
        case BaseModel():
            return value.model_dump(mode="json")
        case _:
            return value


def _ordered(rows: Sequence[Base]) -> list[Row]:
    """Return plain rows in an order of their own, so that equal experiments make equal archives."""
    plain = [_plain(row) for row in rows]
    return sorted(plain, key=lambda row: [str(row[name]) for name in sorted(row) if name.endswith("id")])


def _typed(table: type[Base], row: Row, ids: dict[str, UUID]) -> Row:
    columns = {column.name: column for column in inspect(table).columns}
    return {name: _typed_value(columns[name], value, ids) for name, value in row.items()}


def _require_type(column: Column[Any], value: object) -> None:
    """Raise TypeError for a value that is not of the column's type: SQLite would store it all the same."""
    wanted = column.type.python_type
    is_number = wanted is float and isinstance(value, int) and not isinstance(value, bool)
    is_mistaken = wanted is int and isinstance(value, bool)
    if is_mistaken or not (is_number or isinstance(value, wanted)):
        raise TypeError(f"column {column.name}: expected {wanted.__name__}, given {type(value).__name__}")


def _typed_value(column: Column[Any], value: Any, ids: dict[str, UUID]) -> object:
    if value is None or column.name == "dataset_id":
        if value is None and not column.nullable:
            raise TypeError(f"column {column.name}: expected a value")
        return value
    if column.name in ("id", "experiment_id", "cell_id"):
        return ids[value]
    if isinstance(column.type, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return b64decode(value)
    if isinstance(column.type, Document):
        return column.type.model.model_validate(value)
    _require_type(column, value)
    return value
