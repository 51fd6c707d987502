"""Judgement of a table: its columns recognised, its rows read, its answer given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from muscope.backend.domain.spec.dataset import DataWarning
from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.domain.verdict.statement import Reason
from muscope.backend.ingest.rows.records import plain_numbers
from muscope.backend.sweeps.answers.answer import SweepAnswer
from muscope.backend.sweeps.answers.judge import DEFAULT_LIMITS, judge_sweep
from muscope.backend.sweeps.measures.law import LANGUAGE_LAW, ScalingLaw
from muscope.backend.sweeps.reading.cells import ReadNumbers
from muscope.backend.sweeps.reading.roles import ColumnRole, parse_mapping, recognise
from muscope.backend.sweeps.reading.rows import Rows, read_rows


@dataclass(frozen=True)
class Options:
    """Choices of a user beside the table.

    Attributes:
        columns: mapping such as `size=params,loss=val_loss`, in place of recognition by name.
        roles: the same as roles by column.
        arm, axis: the arm that decides, the only axis that is judged.
        law: assumed law of the loss over compute; None leaves compute out.
        initial_loss: loss at init.
    """

    columns: str = ""
    roles: Mapping[str, ColumnRole] = field(default_factory=dict)
    arm: str | None = None
    axis: str | None = None
    law: ScalingLaw | None = LANGUAGE_LAW
    initial_loss: float | None = None
    thresholds: Thresholds = DEFAULT_LIMITS


def judge_columns(
    columns: Mapping[str, Sequence[str]],
    options: Options,
    read_numbers: ReadNumbers = plain_numbers,
    left_out: Sequence[DataWarning] = (),
) -> SweepAnswer:
    """Return the answer to a sweep given as columns of text; raises InvalidInput for what it cannot use.

    Args:
        read_numbers: of a column of text, None where a cell is none; by default as Python writes them.
        left_out: warnings of the reader about rows that it took for no data; they become notes.
    """
    return judge_rows(rows_of(columns, options, read_numbers, left_out), options)


def rows_of(
    columns: Mapping[str, Sequence[str]],
    options: Options,
    read_numbers: ReadNumbers,
    left_out: Sequence[DataWarning] = (),
) -> Rows:
    """Return the rows of a table as the options understand its columns; raises as `judge_columns`."""
    given = parse_mapping(options.columns, list(columns)) | dict(options.roles)
    written = _without_blank_end(columns)
    rows = read_rows(written, recognise(written, given), read_numbers)
    return replace(rows, notes=(*map(_as_note, left_out), *rows.notes))


def _as_note(warning: DataWarning) -> Reason:
    return Reason(code=warning.code.removeprefix("dataset."), params=warning.params)


def _without_blank_end(columns: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Return a table without the empty rows that spreadsheets leave below it."""
    num_rows = max(
        (place + 1 for cells in columns.values() for place, cell in enumerate(cells) if cell.strip()),
        default=0,
    )
    return {name: cells[:num_rows] for name, cells in columns.items()}


def judge_rows(rows: Rows, options: Options) -> SweepAnswer:
    """Return the answer to rows; raises InvalidInput for what cannot be compared."""
    return judge_sweep(
        rows,
        law=options.law,
        limits=options.thresholds,
        initial_loss=options.initial_loss,
        arm=options.arm,
        axis=options.axis,
    )
