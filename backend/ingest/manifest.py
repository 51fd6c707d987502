"""Messages between the product and the reading child. Imports no parser, so that both sides can import it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from muscope.backend.domain.spec.dataset import ColumnUse, DatasetShape, Frozen, Profile, Task

Delimiter = Literal[",", ";", "\t", "|"]
FileKind = Literal["table", "images", "text"]
ExampleName = Literal["digits", "friedman", "shapes", "python_source"]
EXAMPLE_NAMES: tuple[ExampleName, ...] = ("digits", "friedman", "shapes", "python_source")


class IngestOptions(Frozen):
    """Options a user may set for a file; what is left out is guessed, and the profile says so.

    Images and texts have neither a label to choose nor a delimiter.

    Attributes:
        encoding: a name of `table.encoding`, as the profile shows it.
        header: the row that holds the column names, from 1; 0: none does.
        decimal: the sign before the decimals.
        member: the file of an archive, the sheet of a workbook, or one of several tables in a file.
        x, y: the arrays of a NumPy archive that hold the examples and the labels.
        columns: uses by column name.
        missing: cells that stand for a missing value, beside the usual ones.
        split: `random`, `time:<column>`, `group:<column>` or `given`.
        log_target: train on the logarithm of a label of positive numbers.
    """

    kind: FileKind | None = None
    label: str | None = None
    task: Task | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=4)
    encoding: str | None = Field(default=None, max_length=40)
    header: int | None = Field(default=None, ge=0, le=1000)
    decimal: Literal[".", ","] | None = None
    member: str | None = Field(default=None, max_length=400)
    x: str | None = Field(default=None, max_length=200)
    y: str | None = Field(default=None, max_length=200)
    columns: dict[str, ColumnUse] = Field(default_factory=dict, max_length=10_000)
    missing: tuple[str, ...] = Field(default=(), max_length=50)
    split: str | None = Field(default=None, max_length=220)
    log_target: bool = False


class IngestLimits(Frozen):
    """Limits of time and memory for reading one file."""

    cpu_seconds: int = Field(default=120, ge=1)
    wall_seconds: float = Field(default=150.0, gt=0)
    memory_bytes: int = Field(default=2 << 30, ge=1 << 20)  # resident, watched from outside
    address_bytes: int = Field(default=4 << 30, ge=1 << 20)  # beyond what the libraries map at their start
    output_bytes: int = Field(default=4 << 30, ge=1 << 10)
    open_files: int = Field(default=64, ge=16)


class Manifest(Frozen):
    """Result of reading a file: the sizes needed for training, and the profile shown to the user."""

    shape: DatasetShape
    profile: Profile


class FileRequest(Frozen):
    """Ask the child to read the uploaded file at `source` into `out`."""

    kind: Literal["file"] = "file"
    source: str
    out: str
    options: IngestOptions
    limits: IngestLimits


class ExampleRequest(Frozen):
    """Ask the child to make a built-in example into `out`."""

    kind: Literal["example"] = "example"
    name: ExampleName
    out: str
    limits: IngestLimits
