"""Description of a sweep that was read: how its columns are understood, its answer, its curves.

A table that cannot be judged yet has a question in place of the answer; its columns are described all the
same, so that somebody can say what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from muscope.backend.domain.spec.dataset import DataWarning, Frozen
from muscope.backend.errors import InvalidInput
from muscope.backend.sweeps.answers.answer import SweepAnswer
from muscope.backend.sweeps.answers.drawn import DrawnAxis, drawn_axes
from muscope.backend.sweeps.measures.law import LANGUAGE_LAW, ScalingLaw
from muscope.backend.sweeps.reading.cells import ReadNumbers
from muscope.backend.sweeps.reading.roles import ColumnRole, role_of
from muscope.backend.sweeps.table import Options, judge_rows, rows_of

_MOST_EXAMPLES = 4
_MOST_CHARACTERS = 40


class SweepChoices(Frozen):
    """Meaning of a table's columns, and what is judged, as a user chose it; the rest is recognised."""

    roles: dict[str, ColumnRole] = Field(
        default_factory=dict, max_length=500, description="Roles by column, in place of those recognised."
    )
    arm: str | None = Field(default=None, max_length=200, description="Arm that decides.")
    axis: str | None = Field(default=None, max_length=200, description="The only axis that is judged.")
    law: ScalingLaw | None = Field(
        default=LANGUAGE_LAW, description="Assumed law of the loss over compute; null leaves compute out."
    )
    initial_loss: float | None = Field(
        default=None, allow_inf_nan=False, description="Loss before training; it adds M2."
    )


class SweepColumn(Frozen):
    """One column as it is understood."""

    name: str
    role: ColumnRole
    is_given: bool = Field(description="Chosen by a user, not recognised.")
    num_different: int
    examples: tuple[str, ...]


class SweepQuestion(Frozen):
    """Reason why a table cannot be judged as its columns are understood."""

    code: str = Field(description="Catalogue key `error.<code>`.")
    params: dict[str, str | int | float]


class SweepReading(Frozen):
    """Table as it was read, with its answer or the question that stands before it."""

    columns: tuple[SweepColumn, ...]
    num_rows: int
    answer: SweepAnswer | None
    question: SweepQuestion | None
    axes: tuple[DrawnAxis, ...] = Field(description="Curves, for figures.")


def read_sweep(
    columns: Mapping[str, Sequence[str]],
    choices: SweepChoices,
    read_numbers: ReadNumbers,
    left_out: Sequence[DataWarning] = (),
) -> SweepReading:
    """Return the reading of a table of text; choices for columns that it lacks are passed over.

    Args:
        left_out: warnings of the reader about rows that it took for no data.
    """
    roles = {name: role for name, role in choices.roles.items() if name in columns}
    described = tuple(_described(name, cells, roles) for name, cells in columns.items())
    num_rows = len(next(iter(columns.values()), ()))
    options = Options(
        roles=roles,
        arm=choices.arm,
        axis=choices.axis,
        law=choices.law,
        initial_loss=choices.initial_loss,
    )
    try:
        rows = rows_of(columns, options, read_numbers, left_out)
        answer = judge_rows(rows, options)
    except InvalidInput as error:
        question = SweepQuestion(code=error.code, params=error.params)
        return SweepReading(columns=described, num_rows=num_rows, answer=None, question=question, axes=())
    return SweepReading(
        columns=described, num_rows=num_rows, answer=answer, question=None, axes=drawn_axes(rows)
    )


def _described(name: str, cells: Sequence[str], given: Mapping[str, ColumnRole]) -> SweepColumn:
    different = dict.fromkeys(cells)
    return SweepColumn(
        name=name,
        role=given[name] if name in given else role_of(name, cells),
        is_given=name in given,
        num_different=len(different),
        examples=tuple(cell[:_MOST_CHARACTERS] for cell in list(different)[:_MOST_EXAMPLES]),
    )
