"""What is known of a dataset: its task, shapes, split and profile. The arrays themselves live in a blob."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Task(StrEnum):
    """What is to be predicted."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"


class ColumnKind(StrEnum):
    """How a column of a table was read."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


class Frozen(BaseModel):
    """Base of every value that crosses a process border."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnProfile(Frozen):
    """One column as the user will recognise it."""

    name: str
    kind: ColumnKind
    is_label: bool = False
    num_missing: int = 0
    num_distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    examples: tuple[str, ...] = ()


class DataWarning(Frozen):
    """Something the user should know; the sentence is catalogue key `warning.<code>`."""

    code: str
    params: dict[str, str | int | float] = Field(default_factory=dict)


class ClassCount(Frozen):
    """How often a class occurs."""

    name: str
    count: int


class Profile(Frozen):
    """What the reader of a file found in it."""

    num_rows: int
    columns: tuple[ColumnProfile, ...]
    encoding: str | None = None
    delimiter: str | None = None
    label: str
    is_label_guessed: bool
    is_task_guessed: bool
    classes: tuple[ClassCount, ...] = ()
    warnings: tuple[DataWarning, ...] = ()


class DatasetShape(Frozen):
    """The sizes the planner and the trainer need. `num_outputs` is the class count, 1 for regression."""

    task: Task
    num_features: int = Field(ge=1)
    num_outputs: int = Field(ge=1)
    num_train: int = Field(ge=1)
    num_val: int = Field(ge=1)
    # Regression trains on standardised labels; errors are reported in the label's own unit by this factor.
    label_scale: float = Field(default=1.0, gt=0)
