"""Options for reading an uploaded file, as parameters of its address."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query

from muscope.backend.api.schemas import Delimiter, Label, delimiter_of
from muscope.backend.domain.spec.dataset import Task
from muscope.backend.ingest.manifest import DateOrder, FileKind, IngestOptions


def _given(
    label: Annotated[Label | None, Query(description="The column to predict; guessed if left out.")] = None,
    task: Annotated[Task | None, Query(description="Guessed from the label if left out.")] = None,
    delimiter: Annotated[Delimiter | None, Query(description="Separator; guessed if left out.")] = None,
    kind: Annotated[FileKind | None, Query(description="Found by the content if left out.")] = None,
    encoding: Annotated[str | None, Query(max_length=40, description="Guessed if left out.")] = None,
    header: Annotated[int | None, Query(ge=0, le=1000, description="Row with the names; 0: none.")] = None,
    decimal: Annotated[Literal[".", ","] | None, Query(description="Sign before the decimals.")] = None,
    dates: Annotated[DateOrder | None, Query(description="Order of day and month.")] = None,
    member: Annotated[str | None, Query(max_length=400, description="File of an archive, or sheet.")] = None,
    area: Annotated[str | None, Query(max_length=12, description="Cell where a table begins.")] = None,
    fill_down: Annotated[
        Literal["fill", "leave"] | None, Query(description="Blanks below a group's name.")
    ] = None,
    hidden: Annotated[Literal["use", "leave_out"] | None, Query(description="Hidden rows, columns.")] = None,
    x: Annotated[str | None, Query(max_length=200, description="Array that holds the examples.")] = None,
    y: Annotated[str | None, Query(max_length=200, description="Array that holds the labels.")] = None,
    missing: Annotated[list[str] | None, Query(max_length=50, description="Cells that mean missing.")] = None,
    ragged: Annotated[Literal["leave_out"] | None, Query(description="Rows of another width.")] = None,
    split: Annotated[str | None, Query(max_length=220, description="`random`, `time:…`, `group:…`.")] = None,
) -> IngestOptions:
    return IngestOptions(
        kind=kind,
        label=label,
        task=task,
        delimiter=delimiter_of(delimiter),
        encoding=encoding,
        header=header,
        decimal=decimal,
        dates=dates,
        member=member,
        area=area,
        fill_down=fill_down,
        hidden=hidden,
        x=x,
        y=y,
        missing=tuple(missing or ()),
        ragged=ragged,
        split=split,
    )


GivenOptions = Annotated[IngestOptions, Depends(_given)]
