"""Canonical export: every value of an experiment, comparable byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from muscope.backend.db import cells as cell_rows
from muscope.backend.db import metrics as metric_rows
from muscope.backend.db.connection.session import Session
from muscope.backend.db.metrics import Values
from muscope.backend.db.schema.tables import CellRow, ExperimentRow, RunRow
from muscope.backend.domain.spec.metrics import METRIC_INFO, Metric
from muscope.backend.services.context import Context
from muscope.backend.services.lookup import find_experiment
from muscope.backend.services.stored_values import in_blocks, read_metric, values_of_a_run


class OfRun(NamedTuple):
    """Stored values [T, K] of a metric of one run at its steps [T]."""

    metric: Metric
    steps: NDArray[np.int64]
    values: Values


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
    for science, group in groupby(cells, key=_science):
        parts = {cell.id: cell for cell in group}
        runs = [run for cell_id in parts for run in cell_rows.runs_of(session, cell_id)]
        runs.sort(key=lambda run: (run.lr, run.seed))
        for block in in_blocks(runs, values_of_a_run(session, list(parts))):
            found = _values(session, experiment, parts, block)
            for run in block:
                for metric, steps, values in found[run.id]:
                    for line in _value_lines(run, metric, steps, values):
                        yield "\t".join((*science, line))


def _science(cell: CellRow) -> tuple[str, str, str, str]:
    return cell.scenario, cell.parametrization, str(cell.width), str(cell.depth)


def _values(
    session: Session, experiment: ExperimentRow, cells: Mapping[UUID, CellRow], runs: Sequence[RunRow]
) -> dict[UUID, list[OfRun]]:
    """Return by run what is stored of it, in the order of the metrics."""
    found: dict[UUID, list[OfRun]] = {run.id: [] for run in runs}
    for cell_id, cell in cells.items():
        own = [run for run in runs if run.cell_id == cell_id]
        stored = metric_rows.num_values(session, cell_id) if own else {}
        for metric in sorted(stored):
            steps, values = read_metric(session, experiment, cell, metric, [run.position for run in own])
            for index, run in enumerate(own):
                found[run.id].append(OfRun(metric, steps, values[:, index]))
    return found


def _value_lines(run: RunRow, metric: Metric, steps: NDArray[np.int64], values: Values) -> Iterator[str]:
    head, has_components = f"{run.lr!r}\t{run.seed}\t{metric}", METRIC_INFO[metric].num_components > 1
    for step, components in zip(steps, values, strict=True):
        for index, value in enumerate(components):
            place = f"{step}\t{index}" if has_components else f"{step}"
            yield f"{head}\t{place}\t{_hex(value)}"


def _hex(value: np.float32) -> str:
    content: bytes = value.astype("<f4").tobytes()
    return content.hex()


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
