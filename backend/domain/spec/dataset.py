"""Description of a dataset: task, shapes, split and profile. The arrays are stored in a blob."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Task(StrEnum):
    """Kind of prediction."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    LANGUAGE_MODELLING = "language_modelling"


class ColumnKind(StrEnum):
    """Interpretation of a table column."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    TIME = "time"
    TEXT = "text"


class Frozen(BaseModel):
    """Base of all values that cross a process border."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnUse(StrEnum):
    """Use of a table column in training, as a user may set it."""

    NUMBER = "number"
    CATEGORY = "category"
    TIME = "time"
    LEAVE_OUT = "leave_out"


class ColumnProfile(Frozen):
    """Profile of one column, as shown to the user.

    `left_out`: reason why it is no feature, catalogue key `left_out.<code>`; None if it is one.
    `read_as`: how its cells were written, key `read_as.<code>`; None if plainly.
    """

    name: str
    kind: ColumnKind
    is_label: bool = False
    num_missing: int = 0
    num_distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    examples: tuple[str, ...] = ()
    use: ColumnUse | None = None
    left_out: str | None = None
    read_as: str | None = None


class Decision(Frozen):
    """Decision made while a file was read, which its owner sees and can change.

    Attributes:
        option: the option of the reader that changes it; its texts are `decision.<option>`.
        value: what was used; empty for none.
        is_guessed: nobody gave it.
        is_question: it is too unclear to be left to the guess, so the owner is asked.
        choices: what may be given instead; empty where any text may.
        examples: cells that show what it does.
    """

    option: str
    value: str
    is_guessed: bool = True
    is_question: bool = False
    choices: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


class DataWarning(Frozen):
    """Warning about a dataset; the sentence is catalogue key `warning.<code>`.

    Attributes:
        severity: `warn` asks for attention, `info` is good to know.
        offers: options of the reader that would change it, as a variant of the dataset takes them.
    """

    code: str
    params: dict[str, str | int | float] = Field(default_factory=dict)
    severity: Literal["info", "warn"] = "warn"
    offers: dict[str, bool | str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _read_older_params(self) -> Self:
        """Read profiles stored before several index columns were told in one sentence."""
        if self.code == "dataset.index_left_out" and "name" in self.params:
            older = self.params.pop("name")
            self.params.update(count=1, columns=older)
        return self


class FittedColumn(Frozen):
    """Numbers that turn a column into features, fitted on the training rows only.

    A number x becomes (x - mean) / std, a missing one `median` before that; zero where std is 0. A text
    becomes one feature for each of `levels`, 1 for its own and 0 for the others; "?" is the missing cell.
    """

    column: str
    mean: float | None = None
    std: float | None = None
    median: float | None = None
    levels: tuple[str, ...] = ()


class Preprocessing(Frozen):
    """Preprocessing of a table: the fitted columns, and the label y = mean + scale · (what is predicted).

    `is_log_label`: the y of that formula is the natural logarithm of the label.
    """

    columns: tuple[FittedColumn, ...] = ()
    label_mean: float = 0.0
    label_scale: float = 1.0
    is_log_label: bool = False


class ClassCount(Frozen):
    """Number of examples of a class."""

    name: str
    count: int


class TextProfile(Frozen):
    """Amount of text in bytes of UTF-8, and the number of its files.

    Attributes:
        bytes_per_token: mean length of the tokens that validate; None where tokens are bytes.
    """

    num_bytes: int = Field(ge=1)
    num_files: int = Field(ge=1)
    bytes_per_token: float | None = Field(default=None, ge=1)

    def bits_per_byte(self, loss: float) -> float:
        """Return a cross-entropy in nats per token as bits per byte, in which vocabularies compare."""
        return loss / math.log(2.0) / (self.bytes_per_token or 1.0)


class ReadingRecipe(Frozen):
    """Answers of a file's owner about how it is read, for the next file of the same kind.

    Attributes:
        options: of the reader, as JSON; only those that were given.
        taken_from: name of the dataset whose answers were taken; None for the owner's own.
        is_forgotten: the owner does not want them to be taken any more; the dataset stays as it was read.
    """

    version: Literal[1] = 1
    options: dict[str, Any] = Field(default_factory=dict)
    taken_from: str | None = None
    is_forgotten: bool = False


class Profile(Frozen):
    """Profile of an uploaded file.

    A row is a row of a table, an image, or a window of a text. Only a table has columns; a text has no label.

    Attributes:
        decisions: made while the file was read, in the order of reading.
        notes: what was done to the file's content; `warnings` ask for attention.
        num_rows_in_file: rows before any were left out; None where that is not known.
        recipe: answers it was read by.
        signature: equal for files with the same columns.
    """

    num_rows: int
    num_rows_in_file: int | None = None
    recipe: ReadingRecipe = ReadingRecipe()
    signature: str | None = None
    decisions: tuple[Decision, ...] = ()
    notes: tuple[DataWarning, ...] = ()
    columns: tuple[ColumnProfile, ...] = ()
    encoding: str | None = None
    delimiter: str | None = None
    label: str | None = None
    is_label_guessed: bool = False
    is_task_guessed: bool = False
    text: TextProfile | None = None
    classes: tuple[ClassCount, ...] = ()
    warnings: tuple[DataWarning, ...] = ()


class ImageShape(Frozen):
    """Shape of an image in the features of an example: rows, then columns, then channels (H, W, C)."""

    height: int = Field(ge=1)
    width: int = Field(ge=1)
    channels: int = Field(ge=1)

    @property
    def num_features(self) -> int:
        """Return the number of features of one image."""
        return self.height * self.width * self.channels


class DataDims(NamedTuple):
    """Data dimensions that a network depends on.

    For text an example is a window of `num_features` bytes, and `num_outputs` is the size of the vocabulary.
    """

    num_features: int
    num_outputs: int
    image: ImageShape | None = None
    is_text: bool = False


# Bytes of a long text validated at a measurement: the standard error of their mean loss is about 1 %.
VALIDATED_BYTES = 16_384


def num_validated(dims: DataDims, num_val: int) -> int:
    """Return the validation examples of a measurement: all, or windows spread evenly over a text."""
    return min(num_val, max(1, VALIDATED_BYTES // dims.num_features)) if dims.is_text else num_val


class DatasetShape(Frozen):
    """Sizes and dimensions of a dataset, for planner and trainer.

    `num_outputs` is the class count, 1 for regression, the size of the vocabulary for language modelling,
    where `num_features` is the length of a window. `image` is set if the features are the pixels of an image.
    """

    task: Task
    num_features: int = Field(ge=1)
    num_outputs: int = Field(ge=1)
    num_train: int = Field(ge=1)
    num_val: int = Field(ge=1)
    # Regression trains on standardised labels; this factor converts errors to the label's own unit.
    label_scale: float = Field(default=1.0, gt=0)
    # It trains on the logarithm of the label: errors, and the scale above, are then of logarithms.
    is_log_label: bool = False
    image: ImageShape | None = None

    @model_validator(mode="after")
    def _image_fits(self) -> Self:
        if self.image is not None and self.image.num_features != self.num_features:
            raise ValueError(
                f"an image of {self.image.num_features} numbers, given {self.num_features} features"
            )
        return self

    def in_file(self) -> dict[str, Any]:
        """Return it as array files hold it: without a logarithm as before there was one, byte for byte."""
        return self.model_dump(mode="json", exclude=None if self.is_log_label else {"is_log_label"})

    @property
    def dims(self) -> DataDims:
        """Return the dimensions a network depends on."""
        is_text = self.task is Task.LANGUAGE_MODELLING
        return DataDims(self.num_features, self.num_outputs, self.image, is_text)
