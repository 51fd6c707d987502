"""Messages between the product and the reading child. Imports no parser, so that both sides can import it."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field

from muscope.backend.domain.spec.dataset import ColumnUse, DatasetShape, Frozen, Profile, Task

FileKind = Literal["table", "images", "text"]
DateOrder = Literal["day_first", "month_first"]
ExampleName = Literal["digits", "friedman", "shapes", "python_source"]
# Pace below which reading is stopped, beside the usual allowance; wide tables on slow machines need this.
BYTES_PER_CPU_SECOND = 1_000_000
BYTES_PER_WALL_SECOND = 800_000
EXAMPLE_NAMES: tuple[ExampleName, ...] = ("digits", "friedman", "shapes", "python_source")


class IngestOptions(Frozen):
    """Options a user may set for a file; what is left out is guessed, and the profile says so.

    Images and texts have neither a label to choose nor a delimiter.

    Attributes:
        likely: kind that the name of the file suggests; its content decides.
        encoding: a name of `table.encoding`, as the profile shows it.
        header: the row that holds the column names, from 1; 0: none does.
        decimal: the sign before the decimals.
        dates: the order of day and month where the year comes last.
        member: the file of an archive, the sheet of a workbook, or one of several tables in a file.
        area: the cell in which the table begins, of several in one file or sheet.
        fill_down: what becomes of the blank cells below the name of a group.
        hidden: what becomes of hidden rows and columns of a sheet.
        x, y: the arrays of a NumPy archive that hold the examples and the labels.
        columns: uses by column name.
        missing: cells that stand for a missing value, beside the usual ones.
        ragged: what becomes of rows with another number of cells; without it the file is refused.
        split: `random`, `given` (by the file itself), `time:<column>` or `group:<column>`.
        log_target: train on the logarithm of a label of positive numbers.
        vocabulary: of a text, how many tokens it may have; 256: bytes.
    """

    kind: FileKind | None = None
    likely: FileKind | None = None
    label: str | None = None
    task: Task | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=4)
    encoding: str | None = Field(default=None, max_length=40)
    header: int | None = Field(default=None, ge=0, le=1000)
    decimal: Literal[".", ","] | None = None
    dates: DateOrder | None = None
    member: str | None = Field(default=None, max_length=400)
    area: str | None = Field(default=None, max_length=12)
    fill_down: Literal["fill", "leave"] | None = None
    hidden: Literal["use", "leave_out"] | None = None
    x: str | None = Field(default=None, max_length=200)
    y: str | None = Field(default=None, max_length=200)
    columns: dict[str, ColumnUse] = Field(default_factory=dict, max_length=10_000)
    missing: tuple[str, ...] = Field(default=(), max_length=50)
    ragged: Literal["leave_out"] | None = None
    split: str | None = Field(default=None, max_length=220)
    log_target: bool = False
    vocabulary: int | None = Field(default=None, ge=256, le=16_384)

    def answers(self) -> dict[str, Any]:
        """Return what an owner answered, as JSON, without what was left out and what a name suggests."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude={"kind", "likely"})


class IngestLimits(Frozen):
    """Limits of time and memory for reading one file."""

    cpu_seconds: int = Field(default=120, ge=1)
    wall_seconds: float = Field(default=150.0, gt=0)
    memory_bytes: int = Field(default=2 << 30, ge=1 << 20)  # resident, watched from outside
    address_bytes: int = Field(default=4 << 30, ge=1 << 20)  # beyond what the libraries map at their start
    output_bytes: int = Field(default=4 << 30, ge=1 << 10)
    open_files: int = Field(default=64, ge=16)

    @classmethod
    def for_size(cls, size: int) -> IngestLimits:
        """Return the limits for a file of `size` bytes: a large one may take longer, never more memory."""
        usual = cls()
        return cls(
            cpu_seconds=usual.cpu_seconds + math.ceil(size / BYTES_PER_CPU_SECOND),
            wall_seconds=usual.wall_seconds + size / BYTES_PER_WALL_SECOND,
        )


class Manifest(Frozen):
    """Result of reading a file: the sizes needed for training, and the profile shown to the user."""

    shape: DatasetShape
    profile: Profile


class FileRequest(Frozen):
    """Ask the child to read the uploaded file at `source` into `out`, and to say at `progress` how far."""

    kind: Literal["file"] = "file"
    source: str
    out: str
    options: IngestOptions
    limits: IngestLimits
    progress: str | None = None


class ExampleRequest(Frozen):
    """Ask the child to make a built-in example into `out`."""

    kind: Literal["example"] = "example"
    name: ExampleName
    out: str
    limits: IngestLimits
