"""Messages between the product and the reading child. Imports no parser, so that both sides can import it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from muscope.backend.domain.spec.dataset import DatasetShape, Frozen, Profile, Task

Delimiter = Literal[",", ";", "\t", "|"]
FileKind = Literal["table", "images", "text"]
ExampleName = Literal["digits", "friedman", "shapes", "python_source"]
EXAMPLE_NAMES: tuple[ExampleName, ...] = ("digits", "friedman", "shapes", "python_source")


class IngestOptions(Frozen):
    """Options a user may set for a file; what is left out is guessed, and the profile says so.

    Images and texts have neither a label to choose nor a delimiter.
    """

    kind: FileKind | None = None
    label: str | None = None
    task: Task | None = None
    delimiter: Delimiter = ","


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
