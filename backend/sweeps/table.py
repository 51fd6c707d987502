"""Judgement of a table: its columns recognised, its rows read, its answer given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muscope.backend.domain.spec.judging.thresholds import Thresholds
from muscope.backend.ingest.rows.records import plain_numbers
from muscope.backend.sweeps.answers.answer import SweepAnswer
from muscope.backend.sweeps.answers.judge import DEFAULT_LIMITS, judge_sweep
from muscope.backend.sweeps.measures.law import LANGUAGE_LAW, ScalingLaw
from muscope.backend.sweeps.reading.cells import ReadNumbers
from muscope.backend.sweeps.reading.roles import parse_mapping, recognise
from muscope.backend.sweeps.reading.rows import read_rows


@dataclass(frozen=True)
class Options:
    """Choices of a user beside the table.

    Attributes:
        columns: mapping such as `size=params,loss=val_loss`, in place of recognition by name.
        arm, axis: the arm that decides, the only axis that is judged.
        law: assumed law of the loss over compute; None leaves compute out.
        initial_loss: loss at init.
    """

    columns: str = ""
    arm: str | None = None
    axis: str | None = None
    law: ScalingLaw | None = LANGUAGE_LAW
    initial_loss: float | None = None
    thresholds: Thresholds = DEFAULT_LIMITS


def judge_columns(
    columns: Mapping[str, Sequence[str]], options: Options, read_numbers: ReadNumbers = plain_numbers
) -> SweepAnswer:
    """Return the answer to a sweep given as columns of text; raises InvalidInput for what it cannot use.

    Args:
        read_numbers: of a column of text, None where a cell is none; by default as Python writes them.
    """
    roles = recognise(columns, parse_mapping(options.columns, list(columns)))
    rows = read_rows(columns, roles, read_numbers)
    return judge_sweep(
        rows,
        law=options.law,
        limits=options.thresholds,
        initial_loss=options.initial_loss,
        arm=options.arm,
        axis=options.axis,
    )
