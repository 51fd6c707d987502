"""What crosses the border between the product and the reading child. Imports no parser, so both sides may."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from backend.domain.spec.dataset import DatasetShape, Frozen, Profile, Task

Delimiter = Literal[",", ";", "\t", "|"]
FileKind = Literal["table", "images", "text"]
ExampleName = Literal["digits", "friedman", "shapes", "python_source"]
EXAMPLE_NAMES: tuple[ExampleName, ...] = ("digits", "friedman", "shapes", "python_source")


class IngestOptions(Frozen):
    """What the user may say about a file; what is left out is guessed, and the profile says so.

    Images and texts have neither a label to choose nor a delimiter.
    """

    kind: FileKind | None = None
    label: str | None = None
    task: Task | None = None
    delimiter: Delimiter = ","


class IngestLimits(Frozen):
    """What one reading may cost before it is stopped."""

    cpu_seconds: int = Field(default=120, ge=1)
    wall_seconds: float = Field(default=150.0, gt=0)
    memory_bytes: int = Field(default=2 << 30, ge=1 << 20)  # resident, watched from outside
    address_bytes: int = Field(default=4 << 30, ge=1 << 20)  # beyond what the libraries map at their start
    output_bytes: int = Field(default=4 << 30, ge=1 << 10)
    open_files: int = Field(default=64, ge=16)


class Manifest(Frozen):
    """What was read: the sizes the trainer needs, and what the user should see."""

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
