"""Judgement of a sweep that was sent as JSON: the answer of `muscope judge`, over REST."""

from __future__ import annotations

from pydantic import Field

from muscope.backend.domain.spec.dataset import Frozen
from muscope.backend.errors import InvalidInput
from muscope.backend.ingest.rows.records import columns_of_records
from muscope.backend.sweeps.answers.answer import SweepAnswer
from muscope.backend.sweeps.measures.law import ScalingLaw
from muscope.backend.sweeps.messages import MAX_ROWS
from muscope.backend.sweeps.reading.roles import ColumnRole
from muscope.backend.sweeps.table import Options, judge_columns

Cell = str | int | float | bool | None


class SweepRequest(Frozen):
    """Sweep to judge, one object per run or one list per column."""

    rows: list[dict[str, Cell]] | None = Field(
        default=None,
        max_length=MAX_ROWS,
        description='One object per run; a loss that is not finite is written as the text "nan".',
    )
    table: dict[str, list[Cell]] | None = Field(
        default=None, description="The same as one list per column, all of one length."
    )
    columns: dict[ColumnRole, str] = Field(
        default_factory=dict, description="Column of a role, where its name does not say so."
    )
    conditions: tuple[str, ...] = Field(default=(), description="Columns to hold fixed besides.")
    arm: str | None = Field(default=None, max_length=200, description="Arm that decides.")
    axis: str | None = Field(default=None, max_length=200, description="The only axis that is judged.")
    law: ScalingLaw | None = Field(
        default=ScalingLaw(), description="Assumed law of the loss over compute; null leaves compute out."
    )
    initial_loss: float | None = Field(default=None, description="Loss before training; it adds M2.")


def judge_sweep(request: SweepRequest) -> SweepAnswer:
    """Return the answer to a sweep; raises InvalidInput for what cannot be used, each cell by its row."""
    columns = _columns_of(request)
    named = [f"{role}={name}" for role, name in request.columns.items()]
    named += [f"{ColumnRole.CONDITION}={name}" for name in request.conditions]
    return judge_columns(
        columns,
        Options(
            columns=",".join(named),
            arm=request.arm,
            axis=request.axis,
            law=request.law,
            initial_loss=request.initial_loss,
        ),
    )


def _columns_of(request: SweepRequest) -> dict[str, list[str]]:
    if (request.rows is None) == (request.table is None):
        raise InvalidInput("sweep.rows_or_table")
    if request.rows is not None:
        records = request.rows
    else:
        lists = request.table or {}
        lengths = {len(cells) for cells in lists.values()}
        if len(lengths) > 1 or max(lengths, default=0) > MAX_ROWS:
            raise InvalidInput("sweep.uneven_columns", limit=MAX_ROWS)
        records = [dict(zip(lists, cells, strict=True)) for cells in zip(*lists.values(), strict=True)]
    if not records:
        raise InvalidInput("sweep.no_rows")
    return columns_of_records(records)
