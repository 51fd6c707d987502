"""Canonical export: every value of an experiment, comparable byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import groupby
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.metrics import Values
from muscope.backend.db.schema.tables import CellRow, ExperimentRow, RunRow
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.services.context import Context
from muscope.backend.services.lookup import find_experiment, schedule_of


def export_lines(context: Context, owner_id: str, experiment_id: UUID) -> Iterator[str]:
    """Yield the canonical export: one line per value, sorted by science, free of ids and times.

    A line is scenario, parametrization, width, depth, lr, seed, metric, step and the value's little-endian
    float32 in hex, separated by tabs; a metric of several components has the component, from 0, before the
    value. Equal specs in equal environments give equal exports, whatever was killed on the way
    (docs/architecture.md §8.1).
    """
    with context.database.read() as session:
        yield from _lines(session, find_experiment(session, owner_id, experiment_id))


def _lines(session: Session, experiment: ExperimentRow) -> Iterator[str]:
    cells = cell_rows.of_experiment(session, experiment.id)
    for science, parts in groupby(cells, key=_science):
        rows = sorted(line for cell in parts for line in _run_lines(session, experiment, cell))
        for _, _, lines in rows:
            for line in lines:
                yield "\t".join((*science, line))


def _science(cell: CellRow) -> tuple[str, str, str, str]:
    return cell.scenario, cell.parametrization, str(cell.width), str(cell.depth)


def _run_lines(
    session: Session, experiment: ExperimentRow, cell: CellRow
) -> Iterator[tuple[float, int, list[str]]]:
    runs = cell_rows.runs_of(session, cell.id)
    lines: list[list[str]] = [[] for _ in runs]
    schedule = schedule_of(experiment, cell)
    for metric in sorted(Metric):
        for row in metric_rows.read(session, cell.id, metric):
            values = metric_rows.from_row(row)
            steps = schedule.metric_steps(metric, row.first_step)
            for run, of_run in zip(runs, lines, strict=True):
                of_run.extend(_value_lines(run, metric, steps, values[:, run.position]))
    for run, of_run in zip(runs, lines, strict=True):
        yield run.lr, run.seed, of_run


def _value_lines(run: RunRow, metric: Metric, steps: list[int], values: Values) -> Iterator[str]:
    for step, value in zip(steps, values, strict=True):
        line = f"{run.lr!r}\t{run.seed}\t{metric}\t{step}"
        if value.ndim:
            yield from (f"{line}\t{index}\t{_hex(component)}" for index, component in enumerate(value))
        else:
            yield f"{line}\t{_hex(value)}"


def _hex(value: NDArray[np.float32]) -> str:
    return value.astype("<f4").tobytes().hex()


def export_sha256(context: Context, owner_id: str, experiment_id: UUID) -> str:
    """Return the sha256 of the canonical export."""
    with context.database.read() as session:
        return sha256_of(session, find_experiment(session, owner_id, experiment_id))


def sha256_of(session: Session, experiment: ExperimentRow) -> str:
    """Return the sha256 of the canonical export of an experiment, as this transaction sees it."""
    digest = hashlib.sha256()
    for line in _lines(session, experiment):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()
